package io.hadal.kernels.vector;

import io.hadal.kernels.Matrix;

/**
 * Four stored rows times one input without a decoded copy. Decoded values never leave registers but
 * are the same, so the bits are those of decoding first. Four rows keep four memory streams busy.
 */
interface RowKernel {

  /**
   * Sets {@code lanes[i * 16 ..]} to the sixteen lanes of row i over the whole groups of sixteen
   * columns.
   */
  void rows4(Matrix w, int r0, int r1, int r2, int r3, float[] x, int xAt, float[] lanes);
}
