package io.hadal.kernels.scalar;

import java.util.Arrays;
import java.util.Objects;

/** Checks of {@link io.hadal.kernels.Gemm}'s arguments, made once so that kernels need none. */
public final class GemmArguments {
  private GemmArguments() {}

  /**
   * Refuses a matrix, not empty, that does not lie in its array.
   *
   * @param row distance of two rows
   * @param col distance of two columns
   */
  public static void check(int rows, int cols, int offset, int row, int col, int length) {
    long last = offset + (rows - 1L) * row + (cols - 1L) * col;
    if (offset < 0 || row < 0 || col < 0 || last >= length) {
      Objects.checkIndex(Math.max(last, 0), (long) length);
      throw new IndexOutOfBoundsException("negative offset or stride");
    }
  }

  /** Sets what is the sum of nothing. */
  public static void clear(int rows, int cols, float[] c, int offset, int row) {
    for (int i = 0; i < rows; i++) {
      Arrays.fill(c, offset + i * row, offset + i * row + cols, 0);
    }
  }
}
