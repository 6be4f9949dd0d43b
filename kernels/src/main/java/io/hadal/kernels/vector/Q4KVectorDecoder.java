package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.KScales;
import io.hadal.kernels.scalar.RowDecoder;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Q4_K. */
final class Q4KVectorDecoder implements RowDecoder {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + (long) (from / 256) * 144;
    for (int o = outOffset; o < outOffset + count; o += 256) {

      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at));
      float dmin = Float.float16ToFloat(data.get(Layouts.SHORT, at + 2));
      int s2 = data.get(Layouts.INT, at + 12);
      long scales = KScales.scales(data.get(Layouts.INT, at + 4), s2);
      long mins = KScales.mins(data.get(Layouts.INT, at + 8), s2);
      for (int c = 0; c < 4; c++) {
        float scale0 = d * (scales >>> 16 * c & 63);
        float scale1 = d * (scales >>> 16 * c + 8 & 63);
        float min0 = dmin * (mins >>> 16 * c & 63);
        float min1 = dmin * (mins >>> 16 * c + 8 & 63);
        for (int i = 0; i < 32; i += L) {
          IntVector q =
              ((IntVector)
                  ByteVector.fromMemorySegment(B, data, at + 16 + 32 * c + i, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0));
          ((FloatVector) (q.and(15)).convert(VectorOperators.I2F, 0))
              .mul(scale0)
              .sub(min0)
              .intoArray(out, o + 64 * c + i);
          ((FloatVector) (q.lanewise(VectorOperators.LSHR, 4)).convert(VectorOperators.I2F, 0))
              .mul(scale1)
              .sub(min1)
              .intoArray(out, o + 64 * c + 32 + i);
        }
      }
      at += 144;
    }
  }
}
