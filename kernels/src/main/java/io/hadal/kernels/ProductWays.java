package io.hadal.kernels;

/**
 * Several ways to the product of a stored matrix with one input, all with the same bits. The
 * compiler sometimes makes one of them many times slower than it should be, so that a start-up test
 * chooses.
 */
public interface ProductWays {
  /** Ways for matrices stored like this one; 1 when there is no choice. */
  int count(Matrix w);

  /** Name for reports. */
  String name(int way);

  /** {@code y[r] = W[r] . x} for rows {@code fromRow <= r < toRow}. */
  void multiply(int way, Matrix w, int fromRow, int toRow, float[] x, float[] y);

  /** Lets {@link Kernels#matmul} take this way for matrices stored like this one. */
  void choose(Matrix w, int way);
}
