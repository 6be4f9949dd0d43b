package io.hadal.kernels.packed;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.BlockKernels;
import io.hadal.kernels.PackedMatrix;

/** Block-integer products in plain Java, where there are no vectors. */
public final class PlainBlockKernels implements BlockKernels {
  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public int tile() {
    return 1;
  }

  @Override
  public void prepare(BlockInput x, int tokens, int cols, PackedMatrix w, int together) {
    x.begin(tokens, cols, BlockInput.Form.CODES);
  }

  @Override
  public void multiply(
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int fromToken,
      int toToken,
      float[] y,
      int yOffset,
      int yStride) {
    ProductArguments.check(w, fromRow, toRow, x, fromToken, toToken, y, yOffset, yStride);
    PackedReader reader = new PackedReader(w);
    BlockCodes codes = new BlockCodes();
    for (int r = fromRow; r < toRow; r++) {
      for (int t = fromToken; t < toToken; t++) {
        y[yOffset + (t - fromToken) * yStride + r] = 0;
      }
      for (int b = 0; b < x.blocks(); b++) {
        reader.read(r, b, codes);
        for (int t = fromToken; t < toToken; t++) {
          int at = yOffset + (t - fromToken) * yStride + r;
          y[at] = ScalarBlockKernels.block(codes, x, t, b, y[at]);
        }
      }
    }
  }
}
