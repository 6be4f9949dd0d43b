package io.hadal.kernels.packed;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.Matrix;

/** The reference of block-integer products, from the stored form of the weights. */
public final class ScalarBlockKernels {
  private ScalarBlockKernels() {}

  /** {@code y[yOffset + t * yStride + r]} for all tokens of {@code x}; see {@code BlockKernels}. */
  public static void multiply(
      Matrix w, int fromRow, int toRow, BlockInput x, float[] y, int yOffset, int yStride) {
    BlockCodes codes = new BlockCodes();
    int blocks = w.cols() / 32;
    int tokens = x.tokens();
    for (int r = fromRow; r < toRow; r++) {
      for (int t = 0; t < tokens; t++) {
        y[yOffset + t * yStride + r] = 0;
      }
      for (int b = 0; b < blocks; b++) {
        BlockReader.read(w, r, b, codes);
        for (int t = 0; t < tokens; t++) {
          int at = yOffset + t * yStride + r;
          y[at] = block(codes, x, t, b, y[at]);
        }
      }
    }
  }

  /** One block of one row and token. */
  static float block(BlockCodes codes, BlockInput x, int t, int b, float sum) {
    int products = 0;
    int mins = 0;
    int at = t * x.cols() + 32 * b;
    for (int k = 0; k < 32; k++) {
      int q = x.codes()[at + k];
      products += codes.scale[k >> 4] * codes.value[k] * q;
      mins += codes.min[k >> 4] * q;
    }
    float dx = x.scales()[t * x.blocks() + b];
    float out = Math.fma((float) products, codes.d * dx, sum);
    return codes.hasMin ? Math.fma((float) -mins, codes.dmin * dx, out) : out;
  }
}
