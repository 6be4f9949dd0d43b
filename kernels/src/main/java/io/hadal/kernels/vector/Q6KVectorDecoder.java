package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.RowDecoder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Q6_K. */
final class Q6KVectorDecoder implements RowDecoder {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + (long) (from / 256) * 210;
    for (int o = outOffset; o < outOffset + count; o += 256) {

      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at + 208));
      for (int g = 0; g < 16; g++) {
        float scale = d * data.get(ValueLayout.JAVA_BYTE, at + 192 + g);
        int j = g >> 1 & 3;
        long low = at + (g >> 3) * 64 + (j & 1) * 32 + (g & 1) * 16;
        long high = at + 128 + (g >> 3) * 32 + (g & 1) * 16;
        for (int i = 0; i < 16; i += L) {
          IntVector q =
              ((IntVector)
                      ByteVector.fromMemorySegment(B, data, low + i, LITTLE_ENDIAN)
                          .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                  .lanewise(VectorOperators.LSHR, (j >> 1) * 4)
                  .and(15);
          IntVector h =
              ((IntVector)
                      ByteVector.fromMemorySegment(B, data, high + i, LITTLE_ENDIAN)
                          .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                  .lanewise(VectorOperators.LSHR, 2 * j)
                  .and(3)
                  .lanewise(VectorOperators.LSHL, 4);
          ((FloatVector) (q.or(h).sub(32)).convert(VectorOperators.I2F, 0))
              .mul(scale)
              .intoArray(out, o + 16 * g + i);
        }
      }
      at += 210;
    }
  }
}
