package io.hadal.kernels;

/**
 * Dense f32 matrix products for training: {@code C = A B} or {@code C += A B}, every matrix given
 * by strides, so that a transposed one is the same array with its strides swapped.
 *
 * <p><b>One result.</b> An element of C is summed over k in blocks of {@link #DEPTH}: one fused
 * multiply-add each in ascending order from +0, then one addition per block, whatever the
 * implementation, vector width or shape. Rows and columns of C are independent, so callers may
 * split them over threads without changing a bit.
 */
public interface Gemm {
  /** Length of the blocks of k. */
  int DEPTH = 256;

  /** The implementation for this JVM, as {@link Kernels#get()}. */
  static Gemm get() {
    return KernelProvider.GEMM;
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
