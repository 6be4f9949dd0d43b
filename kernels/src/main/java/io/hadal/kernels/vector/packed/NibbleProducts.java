package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** Nibbles of blocks times one token: what Q4_K, Q4_0 and Q4_1 have in common. */
final class NibbleProducts {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Short> H = Width.WIDE;
  private static final int PARTS = PackedRows.PARTS;
  private static final int L = Width.LENGTH;

  private static final ThreadLocal<int[]> PRODUCTS =
      ThreadLocal.withInitial(() -> new int[16 * VectorBlockKernels.SIDE_BY_SIDE]);

  private NibbleProducts() {}

  /** A thread's own array for {@link #multiply}. */
  static int[] scratch() {
    return PRODUCTS.get();
  }

  /** Sums of a block, even columns' in the low halves. */
  static void multiply(
      MemorySegment w, long at, long groupBytes, int vectors, int[] pairs, int xb, int[] out) {
    int whole = vectors & -8;
    eights(w, at, groupBytes, whole, pairs, xb, out);
    if (whole < vectors) {
      rest(w, at, groupBytes, whole, vectors, pairs, xb, out);
    }
  }

  /**
   * {@link #multiply} of eight vectors together, a line of the cache in turn: the processor fetches
   * ahead in each stream, and the sums do not wait for each other. Apart from {@link #rest}, as in
   * {@link E2m1Rows}.
   */
  private static void eights(
      MemorySegment w, long at, long groupBytes, int vectors, int[] pairs, int xb, int[] out) {
    for (int u = 0; u < vectors; u += 8) {
      long p0 = at + (u / PARTS) * groupBytes + (u % PARTS) * (4 * L);
      long p1 = at + ((u + 1) / PARTS) * groupBytes + ((u + 1) % PARTS) * (4 * L);
      long p2 = at + ((u + 2) / PARTS) * groupBytes + ((u + 2) % PARTS) * (4 * L);
      long p3 = at + ((u + 3) / PARTS) * groupBytes + ((u + 3) % PARTS) * (4 * L);
      long p4 = at + ((u + 4) / PARTS) * groupBytes + ((u + 4) % PARTS) * (4 * L);
      long p5 = at + ((u + 5) / PARTS) * groupBytes + ((u + 5) % PARTS) * (4 * L);
      long p6 = at + ((u + 6) / PARTS) * groupBytes + ((u + 6) % PARTS) * (4 * L);
      long p7 = at + ((u + 7) / PARTS) * groupBytes + ((u + 7) % PARTS) * (4 * L);
      ShortVector a0 = ShortVector.zero(H);
      ShortVector a1 = ShortVector.zero(H);
      ShortVector a2 = ShortVector.zero(H);
      ShortVector a3 = ShortVector.zero(H);
      ShortVector a4 = ShortVector.zero(H);
      ShortVector a5 = ShortVector.zero(H);
      ShortVector a6 = ShortVector.zero(H);
      ShortVector a7 = ShortVector.zero(H);
      for (int k = 0; k < 4; k++) {
        ShortVector x0 = IntVector.broadcast(I, pairs[xb + 4 * k + 0]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, pairs[xb + 4 * k + 1]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, pairs[xb + 4 * k + 2]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, pairs[xb + 4 * k + 3]).reinterpretAsShorts();
        IntVector v0 = IntVector.fromMemorySegment(I, w, p0 + 64 * k, LITTLE_ENDIAN);
        a0 =
            a0.add(
                v0.and(0x000f000f)
                    .reinterpretAsShorts()
                    .mul(x0)
                    .add(
                        v0.lanewise(LSHR, 4)
                            .and(0x000f000f)
                            .reinterpretAsShorts()
                            .mul(x1)
                            .add(
                                v0.lanewise(LSHR, 8)
                                    .and(0x000f000f)
                                    .reinterpretAsShorts()
                                    .mul(x2)
                                    .add(
                                        v0.lanewise(LSHR, 12)
                                            .and(0x000f000f)
                                            .reinterpretAsShorts()
                                            .mul(x3)))));
        IntVector v1 = IntVector.fromMemorySegment(I, w, p1 + 64 * k, LITTLE_ENDIAN);
        a1 =
            a1.add(
                v1.and(0x000f000f)
                    .reinterpretAsShorts()
                    .mul(x0)
                    .add(
                        v1.lanewise(LSHR, 4)
                            .and(0x000f000f)
                            .reinterpretAsShorts()
                            .mul(x1)
                            .add(
                                v1.lanewise(LSHR, 8)
                                    .and(0x000f000f)
                                    .reinterpretAsShorts()
                                    .mul(x2)
                                    .add(
                                        v1.lanewise(LSHR, 12)
                                            .and(0x000f000f)
                                            .reinterpretAsShorts()
                                            .mul(x3)))));
        IntVector v2 = IntVector.fromMemorySegment(I, w, p2 + 64 * k, LITTLE_ENDIAN);
        a2 =
            a2.add(
                v2.and(0x000f000f)
                    .reinterpretAsShorts()
                    .mul(x0)
                    .add(
                        v2.lanewise(LSHR, 4)
                            .and(0x000f000f)
                            .reinterpretAsShorts()
                            .mul(x1)
                            .add(
                                v2.lanewise(LSHR, 8)
                                    .and(0x000f000f)
                                    .reinterpretAsShorts()
                                    .mul(x2)
                                    .add(
                                        v2.lanewise(LSHR, 12)
                                            .and(0x000f000f)
                                            .reinterpretAsShorts()
                                            .mul(x3)))));
        IntVector v3 = IntVector.fromMemorySegment(I, w, p3 + 64 * k, LITTLE_ENDIAN);
        a3 =
            a3.add(
                v3.and(0x000f000f)
                    .reinterpretAsShorts()
                    .mul(x0)
                    .add(
                        v3.lanewise(LSHR, 4)
                            .and(0x000f000f)
                            .reinterpretAsShorts()
                            .mul(x1)
                            .add(
                                v3.lanewise(LSHR, 8)
                                    .and(0x000f000f)
                                    .reinterpretAsShorts()
                                    .mul(x2)
                                    .add(
                                        v3.lanewise(LSHR, 12)
                                            .and(0x000f000f)
                                            .reinterpretAsShorts()
                                            .mul(x3)))));
        IntVector v4 = IntVector.fromMemorySegment(I, w, p4 + 64 * k, LITTLE_ENDIAN);
        a4 =
            a4.add(
                v4.and(0x000f000f)
                    .reinterpretAsShorts()
                    .mul(x0)
                    .add(
                        v4.lanewise(LSHR, 4)
                            .and(0x000f000f)
                            .reinterpretAsShorts()
                            .mul(x1)
                            .add(
                                v4.lanewise(LSHR, 8)
                                    .and(0x000f000f)
                                    .reinterpretAsShorts()
                                    .mul(x2)
                                    .add(
                                        v4.lanewise(LSHR, 12)
                                            .and(0x000f000f)
                                            .reinterpretAsShorts()
                                            .mul(x3)))));
        IntVector v5 = IntVector.fromMemorySegment(I, w, p5 + 64 * k, LITTLE_ENDIAN);
        a5 =
            a5.add(
                v5.and(0x000f000f)
                    .reinterpretAsShorts()
                    .mul(x0)
                    .add(
                        v5.lanewise(LSHR, 4)
                            .and(0x000f000f)
                            .reinterpretAsShorts()
                            .mul(x1)
                            .add(
                                v5.lanewise(LSHR, 8)
                                    .and(0x000f000f)
                                    .reinterpretAsShorts()
                                    .mul(x2)
                                    .add(
                                        v5.lanewise(LSHR, 12)
                                            .and(0x000f000f)
                                            .reinterpretAsShorts()
                                            .mul(x3)))));
        IntVector v6 = IntVector.fromMemorySegment(I, w, p6 + 64 * k, LITTLE_ENDIAN);
        a6 =
            a6.add(
                v6.and(0x000f000f)
                    .reinterpretAsShorts()
                    .mul(x0)
                    .add(
                        v6.lanewise(LSHR, 4)
                            .and(0x000f000f)
                            .reinterpretAsShorts()
                            .mul(x1)
                            .add(
                                v6.lanewise(LSHR, 8)
                                    .and(0x000f000f)
                                    .reinterpretAsShorts()
                                    .mul(x2)
                                    .add(
                                        v6.lanewise(LSHR, 12)
                                            .and(0x000f000f)
                                            .reinterpretAsShorts()
                                            .mul(x3)))));
        IntVector v7 = IntVector.fromMemorySegment(I, w, p7 + 64 * k, LITTLE_ENDIAN);
        a7 =
            a7.add(
                v7.and(0x000f000f)
                    .reinterpretAsShorts()
                    .mul(x0)
                    .add(
                        v7.lanewise(LSHR, 4)
                            .and(0x000f000f)
                            .reinterpretAsShorts()
                            .mul(x1)
                            .add(
                                v7.lanewise(LSHR, 8)
                                    .and(0x000f000f)
                                    .reinterpretAsShorts()
                                    .mul(x2)
                                    .add(
                                        v7.lanewise(LSHR, 12)
                                            .and(0x000f000f)
                                            .reinterpretAsShorts()
                                            .mul(x3)))));
      }
      a0.reinterpretAsInts().intoArray(out, L * u);
      a1.reinterpretAsInts().intoArray(out, L * (u + 1));
      a2.reinterpretAsInts().intoArray(out, L * (u + 2));
      a3.reinterpretAsInts().intoArray(out, L * (u + 3));
      a4.reinterpretAsInts().intoArray(out, L * (u + 4));
      a5.reinterpretAsInts().intoArray(out, L * (u + 5));
      a6.reinterpretAsInts().intoArray(out, L * (u + 6));
      a7.reinterpretAsInts().intoArray(out, L * (u + 7));
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
      ShortVector a0 = ShortVector.zero(H);
      for (int k = 0; k < 4; k++) {
        ShortVector x0 = IntVector.broadcast(I, pairs[xb + 4 * k + 0]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, pairs[xb + 4 * k + 1]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, pairs[xb + 4 * k + 2]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, pairs[xb + 4 * k + 3]).reinterpretAsShorts();
        IntVector v0 = IntVector.fromMemorySegment(I, w, p0 + 64 * k, LITTLE_ENDIAN);
        a0 =
            a0.add(
                v0.and(0x000f000f)
                    .reinterpretAsShorts()
                    .mul(x0)
                    .add(
                        v0.lanewise(LSHR, 4)
                            .and(0x000f000f)
                            .reinterpretAsShorts()
                            .mul(x1)
                            .add(
                                v0.lanewise(LSHR, 8)
                                    .and(0x000f000f)
                                    .reinterpretAsShorts()
                                    .mul(x2)
                                    .add(
                                        v0.lanewise(LSHR, 12)
                                            .and(0x000f000f)
                                            .reinterpretAsShorts()
                                            .mul(x3)))));
      }
      a0.reinterpretAsInts().intoArray(out, L * u);
    }
  }
}
