package io.hadal.kernels.vector;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.RowDecoder;
import java.lang.foreign.MemorySegment;

/** F32: a copy. */
final class F32VectorDecoder implements RowDecoder {

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    long at = w.rowBytes() * row + 4L * from;
    MemorySegment.copy(w.data(), Layouts.FLOAT, at, out, outOffset, count);
  }
}
