package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2S;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** Q8_0 rows times one token: four columns of half a vector's rows in 16-bit lanes. */
final class Q8Rows implements PackedRows {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Short> H = Width.WIDE;
  private static final VectorSpecies<Long> J = Width.I.vectorShape().withLanes(long.class);
  private static final VectorSpecies<Byte> HALF = Width.S.vectorShape().withLanes(byte.class);
  private static final int L = Width.LENGTH;
  private static final int BLOCK = 544;

  /** Even lanes of two vectors. */
  private static final IntVector EVEN = IntVector.broadcast(I, 0).addIndex(2);

  private static final ThreadLocal<float[]> SCALES =
      ThreadLocal.withInitial(() -> new float[16 * VectorBlockKernels.SIDE_BY_SIDE]);
  private static final ThreadLocal<int[]> PRODUCTS =
      ThreadLocal.withInitial(() -> new int[16 * VectorBlockKernels.SIDE_BY_SIDE]);

  @Override
  public BlockInput.Form form() {
    return BlockInput.Form.BYTES;
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
    float[] d = SCALES.get();
    int[] out = PRODUCTS.get();
    for (int b = 0; b < blocks; b++) {
      long block = at + (long) b * BLOCK;
      for (int g = 0; g < groups; g++) {
        UnitScales.halves(w, block + g * groupBytes + 512, 1, d, 16 * g);
      }
      int xBlock = t * blocks + b;
      products(w, block, groupBytes, groups * PARTS, x.quads(), 8 * xBlock, out);
      add(groups * PARTS, out, x.scales()[xBlock], d, sums);
    }
  }

  /** Sums of a block. */
  private static void products(
      MemorySegment w, long at, long groupBytes, int vectors, long[] quads, int xb, int[] out) {
    int whole = vectors & -4;
    fours(w, at, groupBytes, whole, quads, xb, out);
    if (whole < vectors) {
      rest(w, at, groupBytes, whole, vectors, quads, xb, out);
    }
  }

  /**
   * {@link #products} of four vectors together, two lines of the cache in turn: the processor
   * fetches ahead in each stream, and the sums do not wait for each other. C2 gives up on eight.
   * Apart from {@link #rest}, as in {@link E2m1Rows}.
   */
  private static void fours(
      MemorySegment w, long at, long groupBytes, int vectors, long[] quads, int xb, int[] out) {
    for (int u = 0; u < vectors; u += 4) {
      long p0 = at + (u / PARTS) * groupBytes + (u % PARTS) * (4 * L);
      long p1 = at + ((u + 1) / PARTS) * groupBytes + ((u + 1) % PARTS) * (4 * L);
      long p2 = at + ((u + 2) / PARTS) * groupBytes + ((u + 2) % PARTS) * (4 * L);
      long p3 = at + ((u + 3) / PARTS) * groupBytes + ((u + 3) % PARTS) * (4 * L);
      IntVector a0 = IntVector.zero(I);
      IntVector c0 = IntVector.zero(I);
      IntVector a1 = IntVector.zero(I);
      IntVector c1 = IntVector.zero(I);
      IntVector a2 = IntVector.zero(I);
      IntVector c2 = IntVector.zero(I);
      IntVector a3 = IntVector.zero(I);
      IntVector c3 = IntVector.zero(I);
      for (int k = 0; k < 8; k += 2) {
        ShortVector x0 = LongVector.broadcast(J, quads[xb + k]).reinterpretAsShorts();
        ShortVector x1 = LongVector.broadcast(J, quads[xb + k + 1]).reinterpretAsShorts();
        long q0 = p0 + 64 * k;
        IntVector s0 =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q0, LITTLE_ENDIAN)
                        .convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q0 + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        a0 = a0.add(s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)));
        s0 =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q0 + 2 * L, LITTLE_ENDIAN)
                        .convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q0 + 2 * L + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        c0 = c0.add(s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)));
        long q1 = p1 + 64 * k;
        IntVector s1 =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q1, LITTLE_ENDIAN)
                        .convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q1 + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        a1 = a1.add(s1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s1.lanewise(ASHR, 16)));
        s1 =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q1 + 2 * L, LITTLE_ENDIAN)
                        .convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q1 + 2 * L + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        c1 = c1.add(s1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s1.lanewise(ASHR, 16)));
        long q2 = p2 + 64 * k;
        IntVector s2 =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q2, LITTLE_ENDIAN)
                        .convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q2 + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        a2 = a2.add(s2.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s2.lanewise(ASHR, 16)));
        s2 =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q2 + 2 * L, LITTLE_ENDIAN)
                        .convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q2 + 2 * L + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        c2 = c2.add(s2.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s2.lanewise(ASHR, 16)));
        long q3 = p3 + 64 * k;
        IntVector s3 =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q3, LITTLE_ENDIAN)
                        .convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q3 + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        a3 = a3.add(s3.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s3.lanewise(ASHR, 16)));
        s3 =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q3 + 2 * L, LITTLE_ENDIAN)
                        .convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q3 + 2 * L + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        c3 = c3.add(s3.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s3.lanewise(ASHR, 16)));
      }
      a0 = a0.add(a0.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      c0 = c0.add(c0.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      EVEN.selectFrom(a0, c0).intoArray(out, L * u);
      a1 = a1.add(a1.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      c1 = c1.add(c1.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      EVEN.selectFrom(a1, c1).intoArray(out, L * (u + 1));
      a2 = a2.add(a2.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      c2 = c2.add(c2.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      EVEN.selectFrom(a2, c2).intoArray(out, L * (u + 2));
      a3 = a3.add(a3.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      c3 = c3.add(c3.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      EVEN.selectFrom(a3, c3).intoArray(out, L * (u + 3));
    }
  }

  /** {@link #products} one vector after the other. */
  private static void rest(
      MemorySegment w,
      long at,
      long groupBytes,
      int from,
      int vectors,
      long[] quads,
      int xb,
      int[] out) {
    for (int u = from; u < vectors; u++) {
      long p0 = at + (u / PARTS) * groupBytes + (u % PARTS) * (4 * L);
      IntVector a0 = IntVector.zero(I);
      IntVector c0 = IntVector.zero(I);
      for (int k = 0; k < 8; k += 2) {
        ShortVector x0 = LongVector.broadcast(J, quads[xb + k]).reinterpretAsShorts();
        ShortVector x1 = LongVector.broadcast(J, quads[xb + k + 1]).reinterpretAsShorts();
        long q0 = p0 + 64 * k;
        IntVector s0 =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q0, LITTLE_ENDIAN)
                        .convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q0 + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        a0 = a0.add(s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)));
        s0 =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q0 + 2 * L, LITTLE_ENDIAN)
                        .convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q0 + 2 * L + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        c0 = c0.add(s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)));
      }
      a0 = a0.add(a0.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      c0 = c0.add(c0.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      EVEN.selectFrom(a0, c0).intoArray(out, L * u);
    }
  }

  /** Adds a block's sums under its scales. */
  private static void add(int vectors, int[] products, float dx, float[] d, float[] sums) {
    for (int u = 0; u < vectors; u++) {
      FloatVector f = (FloatVector) IntVector.fromArray(I, products, L * u).convert(I2F, 0);
      f.fma(FloatVector.fromArray(F, d, L * u).mul(dx), FloatVector.fromArray(F, sums, L * u))
          .intoArray(sums, L * u);
    }
  }
}
