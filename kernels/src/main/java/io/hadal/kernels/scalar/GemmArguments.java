package io.hadal.kernels.scalar;

import java.util.Arrays;
import java.util.Objects;

/** Checks of {@link io.hadal.kernels.Gemm}'s arguments, made once so that kernels need none. */
public final class GemmArguments {
  private GemmArguments() {}

  /**
   * Refuses matrices that do not lie in their arrays.
   *
   * @return whether there is something to multiply; where k is 0, C is done
   */
  public static boolean ready(
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
      boolean add) {
    if (m <= 0 || n <= 0) {
      return false;
    }
    check(m, n, cOffset, cRow, 1, c.length);
    if (k <= 0) {
      for (int i = 0; i < m && !add; i++) {
        Arrays.fill(c, cOffset + i * cRow, cOffset + i * cRow + n, 0);
      }
      return false;
    }
    check(m, k, aOffset, aRow, aCol, a.length);
    check(k, n, bOffset, bRow, bCol, b.length);
    return true;
  }

  private static void check(int rows, int cols, int offset, int row, int col, int length) {
    long last = offset + (rows - 1L) * row + (cols - 1L) * col;
    if (offset < 0 || row < 0 || col < 0 || last >= length) {
      Objects.checkIndex(Math.max(last, 0), (long) length);
      throw new IndexOutOfBoundsException("negative offset or stride");
    }
  }
}
