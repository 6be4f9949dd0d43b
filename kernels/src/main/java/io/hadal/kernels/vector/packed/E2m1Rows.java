package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** MXFP4 and FP4 rows times one token. */
final class E2m1Rows implements PackedRows {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Short> H = I.vectorShape().withLanes(short.class);
  private static final int L = Width.LENGTH;
  private static final int BLOCK = 272;
  private static final ShortVector LUT = lut(0);

  private static final ThreadLocal<int[]> PRODUCTS =
      ThreadLocal.withInitial(() -> new int[16 * VectorBlockKernels.SIDE_BY_SIDE]);

  private static ShortVector lut(int from) {
    short[] values = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
    short[] lanes = new short[H.length()];
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] = values[(from + i) & 15];
    }
    return ShortVector.fromArray(H, lanes, 0);
  }

  @Override
  public BlockInput.Form form() {
    return BlockInput.Form.PLANES;
  }

  @Override
  public void rows(
      MemorySegment w,
      long at,
      long groupBytes,
      int groups,
      int blocks,
      BlockInput x,
      int t,
      float[] sums) {
    int[] out = PRODUCTS.get();
    int vectors = groups * PARTS;
    for (int b = 0; b < blocks; b++) {
      long block = at + (long) b * BLOCK;
      int xb = t * blocks + b;
      products(w, block, groupBytes, vectors, x.pairs(), 16 * xb, out);
      add(w, block, groupBytes, vectors, out, x.scales()[xb], sums);
    }
  }

  /** Sums of a block, even columns' in the low halves. */
  private static void products(
      MemorySegment w, long at, long groupBytes, int vectors, int[] pairs, int xb, int[] out) {
    int whole = vectors & -8;
    eights(w, at, groupBytes, whole, pairs, xb, out);
    if (whole < vectors) {
      rest(w, at, groupBytes, whole, vectors, pairs, xb, out);
    }
  }

  /**
   * {@link #products} of eight vectors together, a line of the cache in turn: the processor fetches
   * ahead in each stream, and the sums do not wait for each other. Apart from {@link #rest}: C2 has
   * compiled both in one to code four times as slow when the rest was first needed late.
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
                v0.reinterpretAsShorts()
                    .selectFrom(LUT)
                    .mul(x0)
                    .add(
                        v0.lanewise(LSHR, 4)
                            .reinterpretAsShorts()
                            .selectFrom(LUT)
                            .mul(x1)
                            .add(
                                v0.lanewise(LSHR, 8)
                                    .reinterpretAsShorts()
                                    .selectFrom(LUT)
                                    .mul(x2)
                                    .add(
                                        v0.lanewise(LSHR, 12)
                                            .reinterpretAsShorts()
                                            .selectFrom(LUT)
                                            .mul(x3)))));
        IntVector v1 = IntVector.fromMemorySegment(I, w, p1 + 64 * k, LITTLE_ENDIAN);
        a1 =
            a1.add(
                v1.reinterpretAsShorts()
                    .selectFrom(LUT)
                    .mul(x0)
                    .add(
                        v1.lanewise(LSHR, 4)
                            .reinterpretAsShorts()
                            .selectFrom(LUT)
                            .mul(x1)
                            .add(
                                v1.lanewise(LSHR, 8)
                                    .reinterpretAsShorts()
                                    .selectFrom(LUT)
                                    .mul(x2)
                                    .add(
                                        v1.lanewise(LSHR, 12)
                                            .reinterpretAsShorts()
                                            .selectFrom(LUT)
                                            .mul(x3)))));
        IntVector v2 = IntVector.fromMemorySegment(I, w, p2 + 64 * k, LITTLE_ENDIAN);
        a2 =
            a2.add(
                v2.reinterpretAsShorts()
                    .selectFrom(LUT)
                    .mul(x0)
                    .add(
                        v2.lanewise(LSHR, 4)
                            .reinterpretAsShorts()
                            .selectFrom(LUT)
                            .mul(x1)
                            .add(
                                v2.lanewise(LSHR, 8)
                                    .reinterpretAsShorts()
                                    .selectFrom(LUT)
                                    .mul(x2)
                                    .add(
                                        v2.lanewise(LSHR, 12)
                                            .reinterpretAsShorts()
                                            .selectFrom(LUT)
                                            .mul(x3)))));
        IntVector v3 = IntVector.fromMemorySegment(I, w, p3 + 64 * k, LITTLE_ENDIAN);
        a3 =
            a3.add(
                v3.reinterpretAsShorts()
                    .selectFrom(LUT)
                    .mul(x0)
                    .add(
                        v3.lanewise(LSHR, 4)
                            .reinterpretAsShorts()
                            .selectFrom(LUT)
                            .mul(x1)
                            .add(
                                v3.lanewise(LSHR, 8)
                                    .reinterpretAsShorts()
                                    .selectFrom(LUT)
                                    .mul(x2)
                                    .add(
                                        v3.lanewise(LSHR, 12)
                                            .reinterpretAsShorts()
                                            .selectFrom(LUT)
                                            .mul(x3)))));
        IntVector v4 = IntVector.fromMemorySegment(I, w, p4 + 64 * k, LITTLE_ENDIAN);
        a4 =
            a4.add(
                v4.reinterpretAsShorts()
                    .selectFrom(LUT)
                    .mul(x0)
                    .add(
                        v4.lanewise(LSHR, 4)
                            .reinterpretAsShorts()
                            .selectFrom(LUT)
                            .mul(x1)
                            .add(
                                v4.lanewise(LSHR, 8)
                                    .reinterpretAsShorts()
                                    .selectFrom(LUT)
                                    .mul(x2)
                                    .add(
                                        v4.lanewise(LSHR, 12)
                                            .reinterpretAsShorts()
                                            .selectFrom(LUT)
                                            .mul(x3)))));
        IntVector v5 = IntVector.fromMemorySegment(I, w, p5 + 64 * k, LITTLE_ENDIAN);
        a5 =
            a5.add(
                v5.reinterpretAsShorts()
                    .selectFrom(LUT)
                    .mul(x0)
                    .add(
                        v5.lanewise(LSHR, 4)
                            .reinterpretAsShorts()
                            .selectFrom(LUT)
                            .mul(x1)
                            .add(
                                v5.lanewise(LSHR, 8)
                                    .reinterpretAsShorts()
                                    .selectFrom(LUT)
                                    .mul(x2)
                                    .add(
                                        v5.lanewise(LSHR, 12)
                                            .reinterpretAsShorts()
                                            .selectFrom(LUT)
                                            .mul(x3)))));
        IntVector v6 = IntVector.fromMemorySegment(I, w, p6 + 64 * k, LITTLE_ENDIAN);
        a6 =
            a6.add(
                v6.reinterpretAsShorts()
                    .selectFrom(LUT)
                    .mul(x0)
                    .add(
                        v6.lanewise(LSHR, 4)
                            .reinterpretAsShorts()
                            .selectFrom(LUT)
                            .mul(x1)
                            .add(
                                v6.lanewise(LSHR, 8)
                                    .reinterpretAsShorts()
                                    .selectFrom(LUT)
                                    .mul(x2)
                                    .add(
                                        v6.lanewise(LSHR, 12)
                                            .reinterpretAsShorts()
                                            .selectFrom(LUT)
                                            .mul(x3)))));
        IntVector v7 = IntVector.fromMemorySegment(I, w, p7 + 64 * k, LITTLE_ENDIAN);
        a7 =
            a7.add(
                v7.reinterpretAsShorts()
                    .selectFrom(LUT)
                    .mul(x0)
                    .add(
                        v7.lanewise(LSHR, 4)
                            .reinterpretAsShorts()
                            .selectFrom(LUT)
                            .mul(x1)
                            .add(
                                v7.lanewise(LSHR, 8)
                                    .reinterpretAsShorts()
                                    .selectFrom(LUT)
                                    .mul(x2)
                                    .add(
                                        v7.lanewise(LSHR, 12)
                                            .reinterpretAsShorts()
                                            .selectFrom(LUT)
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

  /** {@link #products} one vector after the other. */
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
                v0.reinterpretAsShorts()
                    .selectFrom(LUT)
                    .mul(x0)
                    .add(
                        v0.lanewise(LSHR, 4)
                            .reinterpretAsShorts()
                            .selectFrom(LUT)
                            .mul(x1)
                            .add(
                                v0.lanewise(LSHR, 8)
                                    .reinterpretAsShorts()
                                    .selectFrom(LUT)
                                    .mul(x2)
                                    .add(
                                        v0.lanewise(LSHR, 12)
                                            .reinterpretAsShorts()
                                            .selectFrom(LUT)
                                            .mul(x3)))));
      }
      a0.reinterpretAsInts().intoArray(out, L * u);
    }
  }

  /** Adds a block's sums under its scales. */
  private static void add(
      MemorySegment w,
      long at,
      long groupBytes,
      int vectors,
      int[] products,
      float x,
      float[] sums) {
    for (int u = 0; u < vectors; u++) {
      long p = at + (u / PARTS) * groupBytes + (u % PARTS) * L;
      IntVector s = IntVector.fromArray(I, products, L * u);
      FloatVector f =
          (FloatVector)
              s.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s.lanewise(ASHR, 16)).convert(I2F, 0);
      IntVector e =
          (IntVector)
              ByteVector.fromMemorySegment(B, w, p + 256, LITTLE_ENDIAN)
                  .convertShape(ZERO_EXTEND_B2I, I, 0);
      FloatVector scale = e.sub(1).max(0).lanewise(LSHL, 23).reinterpretAsFloats();
      f.fma(scale.mul(x), FloatVector.fromArray(F, sums, L * u)).intoArray(sums, L * u);
    }
  }
}
