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

/** Q2_K. */
final class Q2KVectorDecoder implements RowDecoder {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + (long) (from / 256) * 84;
    for (int o = outOffset; o < outOffset + count; o += 256) {

      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at + 80));
      float dmin = Float.float16ToFloat(data.get(Layouts.SHORT, at + 82));
      for (int g = 0; g < 16; g++) {
        int s = data.get(ValueLayout.JAVA_BYTE, at + g) & 0xff;
        float scale = d * (s & 15);
        float min = dmin * (s >> 4);
        long from16 = at + 16 + (g >> 3) * 32 + (g & 1) * 16;
        for (int i = 0; i < 16; i += L) {
          IntVector q =
              ((IntVector)
                      ByteVector.fromMemorySegment(B, data, from16 + i, LITTLE_ENDIAN)
                          .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                  .lanewise(VectorOperators.LSHR, g & 6)
                  .and(3);
          ((FloatVector) (q).convert(VectorOperators.I2F, 0))
              .mul(scale)
              .sub(min)
              .intoArray(out, o + 16 * g + i);
        }
      }
      at += 84;
    }
  }
}
