package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Bf16;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.RowDecoder;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** BF16. */
final class Bf16VectorDecoder implements RowDecoder {
  private static final VectorSpecies<Short> S = Width.S;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + 2L * from;
    int i = 0;
    for (; i <= count - L; i += L) {
      ShortVector h = ShortVector.fromMemorySegment(S, data, at + 2L * i, LITTLE_ENDIAN);
      ((IntVector) h.convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0))
          .lanewise(VectorOperators.LSHL, 16)
          .reinterpretAsFloats()
          .intoArray(out, outOffset + i);
    }
    for (; i < count; i++) {
      out[outOffset + i] = Bf16.decode(data.get(Layouts.SHORT, at + 2L * i));
    }
  }
}
