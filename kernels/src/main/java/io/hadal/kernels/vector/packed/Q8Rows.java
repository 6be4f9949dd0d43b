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
    for (int b = 0; b < blocks; b++) {
      long block = at + (long) b * BLOCK;
      for (int g = 0; g < groups; g++) {
        UnitScales.halves(w, block + g * groupBytes + 512, 1, d, 16 * g);
      }
      int xBlock = t * blocks + b;
      product(
          w, block, groupBytes, groups * PARTS, x.quads(), 8 * xBlock, x.scales()[xBlock], d, sums);
    }
  }

  private static void product(
      MemorySegment w,
      long at,
      long groupBytes,
      int vectors,
      long[] quads,
      int xb,
      float dx,
      float[] d,
      float[] sums) {
    for (int u = 0; u < vectors; u++) {
      long p = at + (u / PARTS) * groupBytes + (u % PARTS) * (4 * L);
      IntVector a = IntVector.zero(I);
      IntVector c = IntVector.zero(I);
      for (int k = 0; k < 8; k += 2) {
        long q = p + 64 * k;
        ShortVector x0 = LongVector.broadcast(J, quads[xb + k]).reinterpretAsShorts();
        ShortVector x1 = LongVector.broadcast(J, quads[xb + k + 1]).reinterpretAsShorts();
        IntVector s =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q, LITTLE_ENDIAN).convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        a = a.add(s.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s.lanewise(ASHR, 16)));
        IntVector r =
            ((ShortVector)
                    ByteVector.fromMemorySegment(HALF, w, q + 2 * L, LITTLE_ENDIAN)
                        .convertShape(B2S, H, 0))
                .mul(x0)
                .add(
                    ((ShortVector)
                            ByteVector.fromMemorySegment(HALF, w, q + 2 * L + 64, LITTLE_ENDIAN)
                                .convertShape(B2S, H, 0))
                        .mul(x1))
                .reinterpretAsInts();
        c = c.add(r.lanewise(LSHL, 16).lanewise(ASHR, 16).add(r.lanewise(ASHR, 16)));
      }
      a = a.add(a.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      c = c.add(c.reinterpretAsLongs().lanewise(LSHR, 32).reinterpretAsInts());
      FloatVector f = (FloatVector) EVEN.selectFrom(a, c).convert(I2F, 0);
      f.fma(FloatVector.fromArray(F, d, L * u).mul(dx), FloatVector.fromArray(F, sums, L * u))
          .intoArray(sums, L * u);
    }
  }
}
