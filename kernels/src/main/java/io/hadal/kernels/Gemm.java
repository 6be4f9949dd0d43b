package io.hadal.kernels;

/**
 * Dense f32 matrix products for training: {@code C = A B} or {@code C += A B}, every matrix given
 * by strides, so that a transposed one is the same array with its strides swapped.
 *
 * <p><b>One result</b> for each {@link GemmPrecision}, whatever the implementation, vector width or
 * shape. Rows and columns of C are independent, so callers may split them over threads without
 * changing a bit.
 *
 * <ul>
 *   <li>{@link GemmPrecision#F32}: an element of C is summed over k in blocks of {@link #DEPTH}:
 *       one fused multiply-add each in ascending order from +0, then one addition per block.
 *   <li>{@link GemmPrecision#BF16}: elements of A and B are rounded to bf16, to nearest, ties to
 *       even. The sum over k goes in blocks of {@link #BF16_DEPTH}, a block in steps of 32, the
 *       last one filled up with zeros. A step adds up its even and its odd columns, each by fused
 *       multiply-adds in ascending order from +0; then {@code block += even + odd}, and behind its
 *       last step {@code c += block}. Subnormal operands and results are 0. A product is off by at
 *       most {@code (2^-7 + 2^-16) |a| |b|}, besides the rounding of f32 sums.
 * </ul>
 */
public interface Gemm {
  /** Length of the blocks of k in f32. */
  int DEPTH = 256;

  /** Length of the blocks of k in bf16. */
  int BF16_DEPTH = 512;

  /** The f32 implementation for this JVM, as {@link Kernels#get()}. */
  static Gemm get() {
    return KernelProvider.GEMM;
  }

  /**
   * The implementation of a precision.
   *
   * @throws UnsupportedOperationException when there is none here, with the reason
   */
  static Gemm get(GemmPrecision precision) {
    return switch (precision) {
      case F32 -> KernelProvider.GEMM;
      case BF16 -> KernelProvider.bf16Gemm();
    };
  }

  /**
   * {@code C[i, j] (+)= sum_k A[i, k] B[k, j]}. C may overlap neither A nor B.
   *
   * @param m rows of A and C
   * @param n columns of B and C
   * @param k columns of A, rows of B; with 0 the sum is 0
   * @param aRow distance of two rows of A
   * @param aCol distance of two columns of A
   * @param bRow distance of two rows of B
   * @param bCol distance of two columns of B
   * @param cRow distance of two rows of C, whose columns are contiguous
   * @param add whether to add to C
   */
  void multiply(
      int m,
      int n,
      int k,
      float[] a,
      int aOffset,
      int aRow,
      int aCol,
      float[] b,
      int bOffset,
      int bRow,
      int bCol,
      float[] c,
      int cOffset,
      int cRow,
      boolean add);
}
