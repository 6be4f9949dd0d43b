package io.hadal.kernels.scalar;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.InputQuantizer;
import java.util.Arrays;

/** The reference: one value at a time in plain Java. */
public final class ScalarInputQuantizer implements InputQuantizer {

  @Override
  public void quantize(
      float[] x,
      int offset,
      int blocks,
      byte[] codes,
      int codesAt,
      float[] scales,
      int scalesAt,
      int[] sums,
      int sumsAt) {
    for (int b = 0; b < blocks; b++) {
      int to = codesAt + BLOCK * b;
      scales[scalesAt + b] = block(x, offset + BLOCK * b, codes, to);
      for (int h = 0; h < 2; h++) {
        int sum = 0;
        for (int i = 0; i < BLOCK / 2; i++) {
          sum += codes[to + BLOCK / 2 * h + i];
        }
        sums[sumsAt + 2 * b + h] = sum;
      }
    }
  }

  private static float block(float[] x, int at, byte[] codes, int to) {
    float largest = 0;
    for (int i = at; i < at + BLOCK; i++) {
      largest = Math.max(largest, Math.abs(x[i]));
    }
    if (!(largest < Float.POSITIVE_INFINITY) || largest < BlockInput.LEAST) {
      Arrays.fill(codes, to, to + BLOCK, (byte) 0);
      return largest < BlockInput.LEAST ? 0 : Float.NaN;
    }
    float inverse = 127 / largest;
    for (int i = 0; i < BLOCK; i++) {
      codes[to + i] = BlockInput.code(x[at + i] * inverse);
    }
    return largest / 127;
  }
}
