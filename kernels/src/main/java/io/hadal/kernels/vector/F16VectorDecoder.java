package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.RowDecoder;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * F16 by integer arithmetic. With the fields moved up and the bias raised by 112 a normal number is
 * right; one below the normal range reads 2^-15 (1 + m) where 2^-14 m is meant, which is {@code 2y
 * - 2^-14} and always the smaller of the two. Infinity and NaN get the rest of their exponent.
 */
final class F16VectorDecoder implements RowDecoder {
  private static final VectorSpecies<Short> S = Width.S;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + 2L * from;
    int i = 0;
    for (; i <= count - L; i += L) {
      IntVector h =
          (IntVector)
              ShortVector.fromMemorySegment(S, data, at + 2L * i, LITTLE_ENDIAN)
                  .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0);
      IntVector magnitude = h.and(0x7fff).lanewise(VectorOperators.LSHL, 13);
      IntVector raised = magnitude.add(112 << 23);
      FloatVector y = raised.reinterpretAsFloats();
      IntVector bits = raised.min(y.add(y).sub(0x1p-14f).reinterpretAsInts());
      VectorMask<Integer> special = magnitude.compare(VectorOperators.GE, 0x7c00 << 13);
      bits = bits.add(112 << 23, special);
      bits.or(h.and(0x8000).lanewise(VectorOperators.LSHL, 16))
          .reinterpretAsFloats()
          .intoArray(out, outOffset + i);
    }
    for (; i < count; i++) {
      out[outOffset + i] = Float.float16ToFloat(data.get(Layouts.SHORT, at + 2L * i));
    }
  }
}
