package io.hadal.train.graph;

/** A linear layer without bias: {@code y = W x}, W {@code [out, in]}, or a slice of its rows. */
record Linear(Parameter weight, int offset, int out, int in) {

  Linear(Parameter weight, int out, int in) {
    this(weight, 0, out, in);
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
          work::multiply, offset / in, out, tokens, dy, dyOffset, dyStride, x, xAt, xStride);
    }
    if (weight.frozen()) {
      return;
    }
    work.multiply(
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
