package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
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
    rows(w, at, groupBytes, groups * PARTS, blocks, x.pairs(), t * blocks, x.scales(), sums);
  }

  private static void rows(
      MemorySegment w,
      long at,
      long groupBytes,
      int vectors,
      int blocks,
      int[] pairs,
      int xBlock,
      float[] dx,
      float[] sums) {
    for (int b = 0; b < blocks; b++) {
      FloatVector d = FloatVector.broadcast(F, dx[xBlock + b]);
      int xb = 16 * (xBlock + b);
      for (int u = 0; u < vectors; u++) {
        long p = at + (u / PARTS) * groupBytes + (u % PARTS) * (4 * L) + (long) b * BLOCK;
        ShortVector a = ShortVector.zero(H);
        for (int k = 0; k < 4; k++) {
          IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
          ShortVector x0 = IntVector.broadcast(I, pairs[xb + 4 * k]).reinterpretAsShorts();
          ShortVector x1 = IntVector.broadcast(I, pairs[xb + 4 * k + 1]).reinterpretAsShorts();
          ShortVector x2 = IntVector.broadcast(I, pairs[xb + 4 * k + 2]).reinterpretAsShorts();
          ShortVector x3 = IntVector.broadcast(I, pairs[xb + 4 * k + 3]).reinterpretAsShorts();
          a = a.add(v.reinterpretAsShorts().selectFrom(LUT).mul(x0));
          a =
              a.add(
                  v.lanewise(VectorOperators.LSHR, 4)
                      .reinterpretAsShorts()
                      .selectFrom(LUT)
                      .mul(x1));
          a =
              a.add(
                  v.lanewise(VectorOperators.LSHR, 8)
                      .reinterpretAsShorts()
                      .selectFrom(LUT)
                      .mul(x2));
          a =
              a.add(
                  v.lanewise(VectorOperators.LSHR, 12)
                      .reinterpretAsShorts()
                      .selectFrom(LUT)
                      .mul(x3));
        }
        IntVector s = a.reinterpretAsInts();
        FloatVector f =
            (FloatVector)
                s.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .add(s.lanewise(VectorOperators.ASHR, 16))
                    .convert(VectorOperators.I2F, 0);
        IntVector e =
            (IntVector)
                ByteVector.fromMemorySegment(B, w, p + 256 - (u % PARTS) * (3 * L), LITTLE_ENDIAN)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
        FloatVector scale =
            e.sub(1).max(0).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
        f.fma(scale.mul(d), FloatVector.fromArray(F, sums, L * u)).intoArray(sums, L * u);
      }
    }
  }
}
