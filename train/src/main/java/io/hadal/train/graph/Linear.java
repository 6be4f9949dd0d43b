package io.hadal.train.graph;

import io.hadal.kernels.Gemm;

/**
 * A linear layer without bias: {@code y = W x}, W {@code [out, in]}, or a slice of its rows.
 *
 * @param f32 whether it is computed in f32 whatever the precision of the other products
 */
record Linear(Parameter weight, int offset, int out, int in, boolean f32) {

  Linear(Parameter weight, int offset, int out, int in) {
    this(weight, offset, out, in, false);
  }

  Linear(Parameter weight, int out, int in) {
    this(weight, 0, out, in);
  }

  /** A narrow layer that chooses or mixes: it costs little, and small errors in it go far. */
  static Linear narrow(Parameter weight, int out, int in) {
    return new Linear(weight, 0, out, in, true);
  }

  private Gemm gemm(Work work) {
    return f32 ? work.f32 : work.gemm;
  }

  /** {@code y[t] = W x[t]}. */
  void forward(
      Work work, int tokens, float[] x, int xOffset, int xStride, float[] y, int yAt, int yStride) {
    forward(work, tokens, x, xOffset, xStride, y, yAt, yStride, false);
  }

  /** {@code y[t] (+)= W x[t]}. */
  void forward(
      Work work,
      int tokens,
      float[] x,
      int xOffset,
      int xStride,
      float[] y,
      int yAt,
      int yStride,
      boolean add) {
    work.multiply(
        gemm(work),
        tokens,
        out,
        in,
        x,
        xOffset,
        xStride,
        1,
        weight.value(),
        offset,
        1,
        in,
        y,
        yAt,
        yStride,
        add);
  }

  /** {@link #forward} of contiguous rows. */
  void forward(Work work, int tokens, float[] x, float[] y) {
    forward(work, tokens, x, 0, in, y, 0, out);
  }

  /** {@code dx[t] (+)= W^T dy[t]}. */
  void backwardInput(
      Work work,
      int tokens,
      float[] dy,
      int dyOffset,
      int dyStride,
      float[] dx,
      int dxOffset,
      int dxStride,
      boolean add) {
    work.multiply(
        gemm(work),
        tokens,
        in,
        out,
        dy,
        dyOffset,
        dyStride,
        1,
        weight.value(),
        offset,
        in,
        1,
        dx,
        dxOffset,
        dxStride,
        add);
  }

  /** {@link #backwardInput} of contiguous rows. */
  void backwardInput(Work work, int tokens, float[] dy, float[] dx, boolean add) {
    backwardInput(work, tokens, dy, 0, out, dx, 0, in, add);
  }

  /** {@code dW += sum_t dy[t] x[t]^T}, or what that means for an adapter. */
  void backwardWeight(
      Work work,
      int tokens,
      float[] dy,
      int dyOffset,
      int dyStride,
      float[] x,
      int xAt,
      int xStride) {
    MatrixAdapter adapter = weight.adapter();
    if (adapter != null) {
      adapter.backward(
          work.parallel(gemm(work)),
          offset / in,
          out,
          tokens,
          dy,
          dyOffset,
          dyStride,
          x,
          xAt,
          xStride);
    }
    if (weight.frozen()) {
      return;
    }
    work.multiply(
        gemm(work),
        out,
        in,
        tokens,
        dy,
        dyOffset,
        1,
        dyStride,
        x,
        xAt,
        xStride,
        1,
        weight.gradient(),
        offset,
        in,
        true);
  }

  /** {@link #backwardWeight} of contiguous rows. */
  void backwardWeight(Work work, int tokens, float[] dy, float[] x) {
    backwardWeight(work, tokens, dy, 0, out, x, 0, in);
  }
}
