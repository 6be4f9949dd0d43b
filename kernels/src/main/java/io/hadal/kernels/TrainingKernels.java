package io.hadal.kernels;

/**
 * What training needs beside {@link Kernels} and {@link Gemm}: backward passes and the optimiser's
 * update, element by element. All implementations return identical bits.
 */
public interface TrainingKernels {

  /** The implementation for this JVM, as {@link Kernels#get()}. */
  static TrainingKernels get() {
    return KernelProvider.TRAINING;
  }

  /** {@code x = factor * x}. */
  void scale(float factor, float[] x, int offset, int n);

  /** {@code out = a * b}. */
  void multiply(float[] a, int aOffset, float[] b, int bOffset, float[] out, int outOffset, int n);

  /** {@code y = fma(factor * a, b, y)}. */
  void addProduct(
      float factor, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset, int n);

  /** Backward of a softmax row: {@code out = scale * p * (dp - mean)}; dp and out may be one. */
  void softmaxBackward(
      float[] p,
      int pOffset,
      float[] dp,
      int dpOffset,
      float mean,
      float scale,
      float[] out,
      int outOffset,
      int n);

  /**
   * Backward of {@link Kernels#swiglu}: from {@code dh} to {@code dGate} and {@code dUp}, which may
   * be {@code gate} and {@code up} themselves.
   */
  void swigluBackward(
      float[] gate,
      int gateOffset,
      float[] up,
      int upOffset,
      float[] dh,
      int dhOffset,
      int n,
      float limit,
      float scale,
      float[] dGate,
      int dGateOffset,
      float[] dUp,
      int dUpOffset);

  /**
   * One step of Adam with decoupled decay:
   *
   * <pre>
   * m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g g
   * w = w (1 - decay) - step m / (sqrt(v) * root + eps)
   * </pre>
   *
   * with {@code g = gradientScale * gradient}.
   *
   * @param step learning rate divided by {@code 1 - beta1^t}
   * @param root {@code 1 / sqrt(1 - beta2^t)}
   * @param decay learning rate times decay
   */
  void adam(
      float[] w,
      float[] gradient,
      float[] m,
      float[] v,
      int offset,
      int n,
      float gradientScale,
      float beta1,
      float beta2,
      float step,
      float root,
      float eps,
      float decay);

  /**
   * The doubly stochastic matrices of {@link Sinkhorn#split} for many tokens: entry (j, k) of token
   * t is {@code comb[offset + (j * streams + k) * stride + t]}, on entry the logits.
   *
   * @param count tokens
   * @param sums out: the divisors, {@code [2 * iterations][streams]} rows of {@code count} tokens
   *     from 0; the first are those of the softmax
   * @param soft out: the softmax, {@code [streams * streams][count]}
   */
  void sinkhorn(
      float[] comb,
      int offset,
      int stride,
      int count,
      int streams,
      int iterations,
      float eps,
      float[] sums,
      float[] soft);

  /**
   * Backward of {@link #sinkhorn}: turns gradients of the matrices into gradients of the logits.
   *
   * @param comb the matrices, overwritten
   * @param sums as {@link #sinkhorn} left them
   * @param soft as {@link #sinkhorn} left it
   * @param gradient in and out, laid out as {@code comb}
   */
  void sinkhornBackward(
      float[] comb,
      float[] gradient,
      int offset,
      int stride,
      int count,
      int streams,
      int iterations,
      float[] sums,
      float[] soft);
}
