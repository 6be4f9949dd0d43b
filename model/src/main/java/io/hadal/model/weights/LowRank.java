package io.hadal.model.weights;

import io.hadal.kernels.Kernels;

/**
 * What an adapter adds to a matrix: {@code scale * B A} (Hu et al. 2021).
 *
 * @param rows of the matrix
 * @param cols of the matrix
 * @param rank columns of B and rows of A
 * @param scale factor on the product
 * @param a {@code [rank, cols]}
 * @param b {@code [rows, rank]}
 */
public record LowRank(int rows, int cols, int rank, float scale, float[] a, float[] b) {

  /** Adds a row of the product, the terms in the order of the rank. */
  public void add(int row, float[] out, int offset) {
    Kernels kernels = Kernels.get();
    for (int k = 0; k < rank; k++) {
      kernels.addScaled(scale * b[row * rank + k], a, k * cols, out, offset, cols);
    }
  }
}
