package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.RowDecoder;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Q8_0. */
final class Q80VectorDecoder implements RowDecoder {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + (long) (from / 32) * 34;
    for (int o = outOffset; o < outOffset + count; o += 32) {

      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at));
      for (int i = 0; i < 32; i += L) {
        FloatVector q =
            (FloatVector)
                ByteVector.fromMemorySegment(B, data, at + 2 + i, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.B2F, F, 0);
        q.mul(d).intoArray(out, o + i);
      }
      at += 34;
    }
  }
}
