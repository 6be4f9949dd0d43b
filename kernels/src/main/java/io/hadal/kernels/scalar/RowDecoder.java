package io.hadal.kernels.scalar;

import io.hadal.kernels.Matrix;

/** Turns stored elements of one matrix row into f32. */
@FunctionalInterface
public interface RowDecoder {

  /**
   * Decodes columns {@code from .. from + count - 1}; both are multiples of the block size, except
   * that {@code count} of a type with one-element blocks is free.
   */
  void decode(Matrix w, int row, int from, int count, float[] out, int outOffset);
}
