package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.hadal.kernels.scalar.Grids;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** Nibbles of blocks through the table of IQ4 times one token. */
final class Iq4Products {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Short> H = Width.WIDE;
  private static final int PARTS = PackedRows.PARTS;
  private static final int L = Width.LENGTH;
  private static final ShortVector LUT = lut();

  private static final ThreadLocal<int[]> PRODUCTS =
      ThreadLocal.withInitial(() -> new int[16 * VectorBlockKernels.SIDE_BY_SIDE]);

  private Iq4Products() {}

  private static ShortVector lut() {
    short[] lanes = new short[H.length()];
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] = (short) Grids.IQ4[i & 15];
    }
    return ShortVector.fromArray(H, lanes, 0);
  }

  /** A thread's own array for {@link #multiply}. */
  static int[] scratch() {
    return PRODUCTS.get();
  }

  /** Sums of a block. */
  static void multiply(
      MemorySegment w, long at, long groupBytes, int vectors, int[] pairs, int xb, int[] out) {
    int whole = vectors & -4;
    fours(w, at, groupBytes, whole, pairs, xb, out);
    if (whole < vectors) {
      rest(w, at, groupBytes, whole, vectors, pairs, xb, out);
    }
  }

  /**
   * {@link #multiply} of four vectors together, a line of the cache in turn: the processor fetches
   * ahead in each stream, and the sums do not wait for each other. Apart from {@link #rest}, as in
   * {@link E2m1Rows}.
   */
  private static void fours(
      MemorySegment w, long at, long groupBytes, int vectors, int[] pairs, int xb, int[] out) {
    for (int u = 0; u < vectors; u += 4) {
      long p0 = at + (u / PARTS) * groupBytes + (u % PARTS) * (4 * L);
      long p1 = at + ((u + 1) / PARTS) * groupBytes + ((u + 1) % PARTS) * (4 * L);
      long p2 = at + ((u + 2) / PARTS) * groupBytes + ((u + 2) % PARTS) * (4 * L);
      long p3 = at + ((u + 3) / PARTS) * groupBytes + ((u + 3) % PARTS) * (4 * L);
      IntVector a0 = IntVector.zero(I);
      IntVector a1 = IntVector.zero(I);
      IntVector a2 = IntVector.zero(I);
      IntVector a3 = IntVector.zero(I);
      for (int k = 0; k < 4; k++) {
        ShortVector x0 = IntVector.broadcast(I, pairs[xb + 4 * k + 0]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, pairs[xb + 4 * k + 1]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, pairs[xb + 4 * k + 2]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, pairs[xb + 4 * k + 3]).reinterpretAsShorts();
        IntVector v0 = IntVector.fromMemorySegment(I, w, p0 + 64 * k, LITTLE_ENDIAN);
        IntVector s0 =
            v0.reinterpretAsShorts()
                .selectFrom(LUT)
                .mul(x0)
                .add(v0.lanewise(LSHR, 4).reinterpretAsShorts().selectFrom(LUT).mul(x1))
                .reinterpretAsInts();
        a0 = a0.add(s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)));
        IntVector t0 =
            v0.lanewise(LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(LUT)
                .mul(x2)
                .add(v0.lanewise(LSHR, 12).reinterpretAsShorts().selectFrom(LUT).mul(x3))
                .reinterpretAsInts();
        a0 = a0.add(t0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(t0.lanewise(ASHR, 16)));
        IntVector v1 = IntVector.fromMemorySegment(I, w, p1 + 64 * k, LITTLE_ENDIAN);
        IntVector s1 =
            v1.reinterpretAsShorts()
                .selectFrom(LUT)
                .mul(x0)
                .add(v1.lanewise(LSHR, 4).reinterpretAsShorts().selectFrom(LUT).mul(x1))
                .reinterpretAsInts();
        a1 = a1.add(s1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s1.lanewise(ASHR, 16)));
        IntVector t1 =
            v1.lanewise(LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(LUT)
                .mul(x2)
                .add(v1.lanewise(LSHR, 12).reinterpretAsShorts().selectFrom(LUT).mul(x3))
                .reinterpretAsInts();
        a1 = a1.add(t1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(t1.lanewise(ASHR, 16)));
        IntVector v2 = IntVector.fromMemorySegment(I, w, p2 + 64 * k, LITTLE_ENDIAN);
        IntVector s2 =
            v2.reinterpretAsShorts()
                .selectFrom(LUT)
                .mul(x0)
                .add(v2.lanewise(LSHR, 4).reinterpretAsShorts().selectFrom(LUT).mul(x1))
                .reinterpretAsInts();
        a2 = a2.add(s2.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s2.lanewise(ASHR, 16)));
        IntVector t2 =
            v2.lanewise(LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(LUT)
                .mul(x2)
                .add(v2.lanewise(LSHR, 12).reinterpretAsShorts().selectFrom(LUT).mul(x3))
                .reinterpretAsInts();
        a2 = a2.add(t2.lanewise(LSHL, 16).lanewise(ASHR, 16).add(t2.lanewise(ASHR, 16)));
        IntVector v3 = IntVector.fromMemorySegment(I, w, p3 + 64 * k, LITTLE_ENDIAN);
        IntVector s3 =
            v3.reinterpretAsShorts()
                .selectFrom(LUT)
                .mul(x0)
                .add(v3.lanewise(LSHR, 4).reinterpretAsShorts().selectFrom(LUT).mul(x1))
                .reinterpretAsInts();
        a3 = a3.add(s3.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s3.lanewise(ASHR, 16)));
        IntVector t3 =
            v3.lanewise(LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(LUT)
                .mul(x2)
                .add(v3.lanewise(LSHR, 12).reinterpretAsShorts().selectFrom(LUT).mul(x3))
                .reinterpretAsInts();
        a3 = a3.add(t3.lanewise(LSHL, 16).lanewise(ASHR, 16).add(t3.lanewise(ASHR, 16)));
      }
      a0.intoArray(out, L * u);
      a1.intoArray(out, L * (u + 1));
      a2.intoArray(out, L * (u + 2));
      a3.intoArray(out, L * (u + 3));
    }
  }

  /** {@link #multiply} one vector after the other. */
  private static void rest(
      MemorySegment w,
      long at,
      long groupBytes,
      int from,
      int vectors,
      int[] pairs,
      int xb,
      int[] out) {
    for (int u = from; u < vectors; u++) {
      long p0 = at + (u / PARTS) * groupBytes + (u % PARTS) * (4 * L);
      IntVector a0 = IntVector.zero(I);
      for (int k = 0; k < 4; k++) {
        ShortVector x0 = IntVector.broadcast(I, pairs[xb + 4 * k + 0]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, pairs[xb + 4 * k + 1]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, pairs[xb + 4 * k + 2]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, pairs[xb + 4 * k + 3]).reinterpretAsShorts();
        IntVector v0 = IntVector.fromMemorySegment(I, w, p0 + 64 * k, LITTLE_ENDIAN);
        IntVector s0 =
            v0.reinterpretAsShorts()
                .selectFrom(LUT)
                .mul(x0)
                .add(v0.lanewise(LSHR, 4).reinterpretAsShorts().selectFrom(LUT).mul(x1))
                .reinterpretAsInts();
        a0 = a0.add(s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)));
        IntVector t0 =
            v0.lanewise(LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(LUT)
                .mul(x2)
                .add(v0.lanewise(LSHR, 12).reinterpretAsShorts().selectFrom(LUT).mul(x3))
                .reinterpretAsInts();
        a0 = a0.add(t0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(t0.lanewise(ASHR, 16)));
      }
      a0.intoArray(out, L * u);
    }
  }
}
