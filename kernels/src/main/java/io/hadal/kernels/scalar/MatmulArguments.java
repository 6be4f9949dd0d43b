package io.hadal.kernels.scalar;

import io.hadal.kernels.Matrix;
import java.util.Objects;

/** Checks done once a call, so that the loops can trust their ranges. */
public final class MatmulArguments {
  private MatmulArguments() {}

  public static void check(
      Matrix w,
      int fromRow,
      int toRow,
      float[] x,
      int xOffset,
      int xStride,
      int tokens,
      float[] y,
      int yOffset,
      int yStride) {
    Objects.checkFromToIndex(fromRow, toRow, w.rows());
    rows("input", x, xOffset, xStride, tokens, w.cols());
    if (tokens > 0) {
      rows("output", y, yOffset + fromRow, yStride, tokens, toRow - fromRow);
    }
  }

  /** Rows {@code offset + i * stride}, {@code n} long, lie in the array. */
  public static void rows(String what, float[] a, int offset, int stride, int count, int n) {
    if (count < 0 || n < 0 || offset < 0 || (stride < 0 && count > 1)) {
      throw new IndexOutOfBoundsException(what + " has a negative size, offset or stride");
    }
    if (count > 0 && n > 0 && offset + (count - 1L) * stride + n > a.length) {
      throw new IndexOutOfBoundsException(
          what
              + ": "
              + count
              + " rows of "
              + n
              + " from "
              + offset
              + ", "
              + stride
              + " apart, do not fit "
              + a.length);
    }
  }
}
