package io.hadal.kernels.packed;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.PackedMatrix;
import java.util.Objects;

/** Checks of a block-integer product, made once so that kernels need none. */
public final class ProductArguments {
  private ProductArguments() {}

  public static void check(
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int fromToken,
      int toToken,
      float[] y,
      int yOffset,
      int yStride) {
    Objects.checkFromToIndex(fromRow, toRow, w.rows());
    Objects.checkFromToIndex(fromToken, toToken, x.tokens());
    if (fromRow % PackedLayout.GROUP != 0
        || (toRow % PackedLayout.GROUP != 0 && toRow != w.rows())) {
      throw new IllegalArgumentException("rows " + fromRow + " to " + toRow + " cut a group");
    }
    if (x.cols() != w.cols()) {
      throw new IllegalArgumentException(x.cols() + " inputs for " + w);
    }
    if (toToken > fromToken) {
      long last = yOffset + (long) (toToken - fromToken - 1) * yStride;
      Objects.checkFromToIndex(yOffset + (long) fromRow, last + toRow, y.length);
      if (yStride < 0) {
        throw new IllegalArgumentException("negative stride " + yStride);
      }
    }
  }
}
