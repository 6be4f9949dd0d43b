package io.hadal.kernels;

import org.jspecify.annotations.Nullable;

/**
 * The narrow boundary between the model and its arithmetic. All activations are f32 in heap arrays.
 *
 * <p><b>One result.</b> Every reduction over k has one order, whatever the implementation, vector
 * width, tile shape, token count or thread: sixteen logical lanes, lane l taking k = l, l + 16, l +
 * 32, ... with one fused multiply-add each in ascending order from +0, then lanes folded 16 -> 8 ->
 * 4 -> 2 -> 1 by adding the upper half to the lower half. All implementations therefore return
 * identical bits.
 */
public interface Kernels {

  /** The implementation for this JVM: Vector API when its module is present, else scalar. */
  static Kernels get() {
    return KernelProvider.INSTANCE;
  }

  /** Name for reports, e.g. {@code vector-512} or {@code scalar}. */
  String name();

  /** Ways to the product with one input; null when there is one only. */
  default @Nullable ProductWays ways() {
    return null;
  }

  /** Decodes {@code count} elements of a row, from column {@code from}, to f32. */
  void dequantize(Matrix w, int row, int from, int count, float[] out, int outOffset);

  /**
   * {@code y[yOffset + t*yStride + r] = W[r] . x[xOffset + t*xStride ..]} for rows {@code fromRow
   * <= r < toRow} and {@code tokens} inputs. Rows are independent, so callers may split them over
   * threads.
   */
  void matmul(
      Matrix w,
      int fromRow,
      int toRow,
      float[] x,
      int xOffset,
      int xStride,
      int tokens,
      float[] y,
      int yOffset,
      int yStride);

  /** Dot product in the canonical order. */
  float dot(float[] a, int aOffset, float[] b, int bOffset, int n);

  /**
   * All dots of two row sets: {@code out[outOffset + i*outStride + j] = a_i . b_j}, each in the
   * canonical order.
   *
   * @param n length of a row
   */
  void dots(
      float[] a,
      int aOffset,
      int aStride,
      int aCount,
      float[] b,
      int bOffset,
      int bStride,
      int bCount,
      int n,
      float[] out,
      int outOffset,
      int outStride);

  /**
   * {@code out[outOffset + i*outStride + c] = sum_j p[pOffset + i*pStride + j] * rows[rowsOffset +
   * j*rowStride + c]}: one fused multiply-add per j in ascending order from +0.
   */
  void weightedSums(
      float[] p,
      int pOffset,
      int pStride,
      int pCount,
      float[] rows,
      int rowsOffset,
      int rowStride,
      int rowCount,
      int n,
      float[] out,
      int outOffset,
      int outStride);

  /** {@code y = fma(a, x, y)} element by element. */
  void addScaled(float a, float[] x, int xOffset, float[] y, int yOffset, int n);

  /** Largest element; {@code -inf} for n = 0. */
  float max(float[] x, int offset, int n);

  /**
   * Replaces x by {@code exp(x - shift)} and returns the sum (canonical lane order). The
   * exponential is one fixed polynomial, within 2 ulp, the same bits everywhere; arguments below
   * -103 give 0.
   */
  float expAndSum(float[] x, int offset, int n, float shift);

  /**
   * {@code out = w * (x * rsqrt(mean(x^2) + eps))}, mean in the canonical order; no weight = ones.
   * In and out may be the same. Spec section 0.5 without the final rounding.
   */
  void rmsNorm(
      float[] x,
      int xOffset,
      int n,
      float @Nullable [] weight,
      float eps,
      float[] out,
      int outOffset);

  /**
   * {@code out = scale * silu(min(gate, limit)) * clamp(up, -limit, limit)} with limit = +inf for
   * none. Spec 5.2.
   */
  void swiglu(
      float[] gate,
      int gateOffset,
      float[] up,
      int upOffset,
      int n,
      float limit,
      float scale,
      float[] out,
      int outOffset);

  /** Rounds to bf16, nearest even, in place. */
  void roundBf16(float[] x, int offset, int n);

  /** {@code x = H x * scale} in place, Sylvester order; n is a power of two. Spec 4.3. */
  void hadamard(float[] x, int offset, int n, float scale);
}
