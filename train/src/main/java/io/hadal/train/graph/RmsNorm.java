package io.hadal.train.graph;

/** {@code y = w x / sqrt(mean(x^2) + eps)} of rows. */
record RmsNorm(Parameter weight, int width, float eps) {

  /** Normalises contiguous rows. */
  void forward(Work work, int rows, float[] x, float[] y) {
    work.rows(
        rows,
        (from, to, worker) -> {
          for (int r = from; r < to; r++) {
            row(work, x, r * width, y, r * width);
          }
        });
  }

  void row(Work work, float[] x, int xAt, float[] y, int yAt) {
    work.kernels.rmsNorm(x, xAt, width, weight.value(), eps, y, yAt);
  }

  /** Backward of contiguous rows; dy and dx may be one array. */
  void backward(Work work, int rows, float[] x, float[] dy, float[] dx) {
    work.sum(
        rows,
        width,
        weight.gradient(),
        0,
        (from, to, partial, at, worker) -> {
          for (int r = from; r < to; r++) {
            rowBackward(work, x, r * width, dy, r * width, dx, r * width, partial, at);
          }
        });
  }

  /** Sets dx and adds to the gradient of the weight in {@code dw}; dy and dx may be one. */
  void rowBackward(
      Work work,
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      float[] dx,
      int dxAt,
      float[] dw,
      int dwAt) {
    float r = inverse(work, x, xAt);
    work.training.addProduct(r, dy, dyAt, x, xAt, dw, dwAt, width);
    work.training.multiply(weight.value(), 0, dy, dyAt, dx, dxAt, width);
    float dot = work.kernels.dot(dx, dxAt, x, xAt, width);
    work.training.scale(r, dx, dxAt, width);
    work.kernels.addScaled(-dot * r * r * r / width, x, xAt, dx, dxAt, width);
  }

  private float inverse(Work work, float[] x, int at) {
    return inverse(work, x, at, width, eps);
  }

  /** {@code 1 / sqrt(mean(x^2) + eps)}. */
  static float inverse(Work work, float[] x, int at, int width, float eps) {
    float squares = work.kernels.dot(x, at, x, at, width);
    return (float) (1 / Math.sqrt((double) squares / width + eps));
  }
}
