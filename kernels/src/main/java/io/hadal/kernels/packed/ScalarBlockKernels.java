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
    int at = x.codesAt(t, b);
    byte[] input = x.blockCodes();
    int sums = 2 * (t * x.blocks() + b);
    int products =
        codes.scale[0] * half(codes.value, 0, input, at)
            + codes.scale[1] * half(codes.value, 16, input, at);
    int mins = codes.min[0] * x.sums()[sums] + codes.min[1] * x.sums()[sums + 1];
    float dx = x.scales()[t * x.blocks() + b];
    float out = Math.fma((float) products, codes.d * dx, sum);
    return codes.hasMin ? Math.fma((float) -mins, codes.dmin * dx, out) : out;
  }

  /** Products of sixteen columns. */
  private static int half(int[] values, int from, byte[] codes, int at) {
    int sum = 0;
    for (int k = from; k < from + 16; k++) {
      sum += values[k] * codes[at + k];
    }
    return sum;
  }
}
