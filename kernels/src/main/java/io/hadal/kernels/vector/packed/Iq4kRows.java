package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.scalar.Grids;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** IQ4_XS rows times one token. */
final class Iq4kRows extends UnitRows {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Short> H = Width.WIDE;
  private static final int L = Width.LENGTH;
  private static final int BLOCK = 272;
  private static final ShortVector LUT = lut();

  Iq4kRows() {
    super(PackedLayout.IQ4_K);
  }

  private static ShortVector lut() {
    short[] lanes = new short[H.length()];
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] = (short) Grids.IQ4[i & 15];
    }
    return ShortVector.fromArray(H, lanes, 0);
  }

  @Override
  public BlockInput.Form form() {
    return BlockInput.Form.PLANES;
  }

  @Override
  void unit(
      MemorySegment w,
      long at,
      long groupBytes,
      int vectors,
      int blocks,
      int[] pairs,
      int xBlock,
      float[] dx,
      int[] q,
      float[] d,
      float[] dmin,
      float[] sums) {
    product(w, at, groupBytes, vectors, blocks, pairs, xBlock, dx, d, sums);
  }

  private static void product(
      MemorySegment w,
      long at,
      long groupBytes,
      int vectors,
      int blocks,
      int[] pairs,
      int xBlock,
      float[] dx,
      float[] d,
      float[] sums) {
    for (int b = 0; b < blocks; b++) {
      int xb = 16 * (xBlock + b);
      float x = dx[xBlock + b];
      for (int u = 0; u < vectors; u++) {
        int part = u % PARTS;
        long p = at + (u / PARTS) * groupBytes + part * (4 * L) + (long) b * BLOCK;
        IntVector i = IntVector.zero(I);
        for (int k = 0; k < 4; k++) {
          IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
          IntVector s0 =
              v.reinterpretAsShorts()
                  .selectFrom(LUT)
                  .mul(IntVector.broadcast(I, pairs[xb + 4 * k + 0]).reinterpretAsShorts())
                  .add(
                      v.lanewise(LSHR, 4)
                          .reinterpretAsShorts()
                          .selectFrom(LUT)
                          .mul(IntVector.broadcast(I, pairs[xb + 4 * k + 1]).reinterpretAsShorts()))
                  .reinterpretAsInts();
          i = i.add(s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)));
          IntVector s2 =
              v.lanewise(LSHR, 8)
                  .reinterpretAsShorts()
                  .selectFrom(LUT)
                  .mul(IntVector.broadcast(I, pairs[xb + 4 * k + 2]).reinterpretAsShorts())
                  .add(
                      v.lanewise(LSHR, 12)
                          .reinterpretAsShorts()
                          .selectFrom(LUT)
                          .mul(IntVector.broadcast(I, pairs[xb + 4 * k + 3]).reinterpretAsShorts()))
                  .reinterpretAsInts();
          i = i.add(s2.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s2.lanewise(ASHR, 16)));
        }
        FloatVector f = (FloatVector) i.convert(I2F, 0);
        FloatVector sc =
            (FloatVector)
                ByteVector.fromMemorySegment(B, w, p + 256 - part * (3 * L), LITTLE_ENDIAN)
                    .convertShape(B2F, F, 0);
        f.mul(sc)
            .fma(FloatVector.fromArray(F, d, L * u).mul(x), FloatVector.fromArray(F, sums, L * u))
            .intoArray(sums, L * u);
      }
    }
  }
}
