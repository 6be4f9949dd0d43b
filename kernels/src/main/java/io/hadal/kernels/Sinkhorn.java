package io.hadal.kernels;

/** Splits the mixes of a hyper-connection site into its three parts (spec 2.2). */
public final class Sinkhorn {
  private Sinkhorn() {}

  /**
   * @param mixes {@code [pre(s) | post(s) | comb(s x s)]} from {@code offset}, already divided by
   *     the RMS
   * @param scale three factors, one per part
   * @param base as long as the mixes
   * @param iterations row-and-column rounds, the first counting from the softmax
   * @param pre out: {@code sigmoid + eps} per stream
   * @param post out: {@code 2 sigmoid} per stream
   * @param comb out: row-major; new stream k takes {@code comb[j*s + k]} of stream j
   */
  public static void split(
      float[] mixes,
      int offset,
      float[] scale,
      float[] base,
      int streams,
      int iterations,
      float eps,
      float[] pre,
      float[] post,
      float[] comb) {
    int s = streams;
    for (int j = 0; j < s; j++) {
      pre[j] = sigmoid(mixes[offset + j] * scale[0] + base[j]) + eps;
      post[j] = 2 * sigmoid(mixes[offset + s + j] * scale[1] + base[s + j]);
    }
    for (int j = 0; j < s; j++) {
      float max = Float.NEGATIVE_INFINITY;
      for (int k = 0; k < s; k++) {
        int i = 2 * s + j * s + k;
        comb[j * s + k] = mixes[offset + i] * scale[2] + base[i];
        max = Math.max(max, comb[j * s + k]);
      }
      float sum = 0;
      for (int k = 0; k < s; k++) {
        comb[j * s + k] = (float) Math.exp(comb[j * s + k] - max);
        sum += comb[j * s + k];
      }
      for (int k = 0; k < s; k++) {
        comb[j * s + k] = comb[j * s + k] / sum + eps;
      }
    }
    normalizeColumns(comb, s, eps);
    for (int round = 1; round < iterations; round++) {
      normalizeRows(comb, s, eps);
      normalizeColumns(comb, s, eps);
    }
  }

  private static void normalizeRows(float[] comb, int s, float eps) {
    for (int j = 0; j < s; j++) {
      float sum = 0;
      for (int k = 0; k < s; k++) {
        sum += comb[j * s + k];
      }
      for (int k = 0; k < s; k++) {
        comb[j * s + k] /= sum + eps;
      }
    }
  }

  private static void normalizeColumns(float[] comb, int s, float eps) {
    for (int k = 0; k < s; k++) {
      float sum = 0;
      for (int j = 0; j < s; j++) {
        sum += comb[j * s + k];
      }
      for (int j = 0; j < s; j++) {
        comb[j * s + k] /= sum + eps;
      }
    }
  }

  private static float sigmoid(float v) {
    return 1 / (1 + (float) Math.exp(-v));
  }
}
