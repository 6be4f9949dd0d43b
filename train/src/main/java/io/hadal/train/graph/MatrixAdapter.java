package io.hadal.train.graph;

import io.hadal.kernels.Gemm;
import io.hadal.model.weights.LowRank;

/**
 * Two narrow matrices that are trained in place of a wide one: the wide one's value is kept at
 * {@code base + scale * B A}, so the forward pass and the gradient of inputs need not know.
 */
final class MatrixAdapter {
  private final Parameter target;
  private final float[] base;
  private final Parameter a;
  private final Parameter b;
  private final int rank;
  private final float scale;

  /**
   * @param target matrix whose value is the base now
   * @param a {@code [rank, cols]}
   * @param b {@code [rows, rank]}
   */
  MatrixAdapter(Parameter target, Parameter a, Parameter b, float scale) {
    this.target = target;
    this.base = target.value().clone();
    this.a = a;
    this.b = b;
    this.rank = a.shape().getFirst();
    this.scale = scale;
  }

  Parameter target() {
    return target;
  }

  int rows() {
    return target.size() / target.rowSize();
  }

  /** Sets some rows of the target to what they are under the present A and B. */
  void apply(int from, int to) {
    int cols = target.rowSize();
    float[] value = target.value();
    LowRank delta = new LowRank(rows(), cols, rank, scale, a.value(), b.value());
    System.arraycopy(base, from * cols, value, from * cols, (to - from) * cols);
    for (int row = from; row < to; row++) {
      delta.add(row, value, row * cols);
    }
  }

  /**
   * Adds to the gradients of A and B what some rows of the matrix, used as a linear layer, ask for.
   *
   * @param product how products are computed
   * @param row first of these rows
   * @param out number of them
   */
  void backward(
      Gemm product,
      int row,
      int out,
      int tokens,
      float[] dy,
      int dyOffset,
      int dyStride,
      float[] x,
      int xAt,
      int xStride) {
    int in = target.rowSize();
    float[] narrow = new float[tokens * rank];
    // x A^T, then dB += scale * dy^T of that.
    product.multiply(
        tokens, rank, in, x, xAt, xStride, 1, a.value(), 0, 1, in, narrow, 0, rank, false);
    scale(narrow);
    product.multiply(
        out,
        rank,
        tokens,
        dy,
        dyOffset,
        1,
        dyStride,
        narrow,
        0,
        rank,
        1,
        b.gradient(),
        row * rank,
        rank,
        true);
    // dy B, then dA += scale * x of that.
    product.multiply(
        tokens,
        rank,
        out,
        dy,
        dyOffset,
        dyStride,
        1,
        b.value(),
        row * rank,
        rank,
        1,
        narrow,
        0,
        rank,
        false);
    scale(narrow);
    product.multiply(
        rank, in, tokens, narrow, 0, 1, rank, x, xAt, xStride, 1, a.gradient(), 0, in, true);
  }

  private void scale(float[] v) {
    for (int i = 0; i < v.length; i++) {
      v[i] *= scale;
    }
  }
}
