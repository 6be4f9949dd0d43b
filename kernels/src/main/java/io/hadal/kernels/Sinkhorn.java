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
   * @param token all outputs begin at this token's place
   * @param pre out: {@code sigmoid + eps} per token and stream
   * @param post out: {@code 2 sigmoid} per token and stream
   * @param comb out: per token row-major; new stream k takes {@code comb[j*s + k]} of stream j
   */
  public static void split(
      float[] mixes,
      int offset,
      float[] scale,
      float[] base,
      int streams,
      int iterations,
      float eps,
      int token,
      float[] pre,
      float[] post,
      float[] comb) {
    int s = streams;
    int at = token * s;
    for (int j = 0; j < s; j++) {
      pre[at + j] = sigmoid(mixes[offset + j] * scale[0] + base[j]) + eps;
      post[at + j] = 2 * sigmoid(mixes[offset + s + j] * scale[1] + base[s + j]);
    }
    int c = token * s * s;
    for (int row = 0; row < s * s; row += s) {
      softmax(mixes, offset + 2 * s + row, scale[2], base, 2 * s + row, s, eps, comb, c + row);
    }
    normalizeColumns(comb, c, s, eps);
    for (int round = 1; round < iterations; round++) {
      normalizeRows(comb, c, s, eps);
      normalizeColumns(comb, c, s, eps);
    }
  }

  private static void softmax(
      float[] mixes,
      int offset,
      float scale,
      float[] base,
      int baseOffset,
      int s,
      float eps,
      float[] comb,
      int at) {
    float max = Float.NEGATIVE_INFINITY;
    for (int k = 0; k < s; k++) {
      comb[at + k] = mixes[offset + k] * scale + base[baseOffset + k];
      max = Math.max(max, comb[at + k]);
    }
    float sum = 0;
    for (int k = 0; k < s; k++) {
      comb[at + k] = (float) Math.exp(comb[at + k] - max);
      sum += comb[at + k];
    }
    for (int k = 0; k < s; k++) {
      comb[at + k] = comb[at + k] / sum + eps;
    }
  }

  private static void normalizeRows(float[] comb, int at, int s, float eps) {
    for (int j = at; j < at + s * s; j += s) {
      float sum = 0;
      for (int k = 0; k < s; k++) {
        sum += comb[j + k];
      }
      for (int k = 0; k < s; k++) {
        comb[j + k] /= sum + eps;
      }
    }
  }

  private static void normalizeColumns(float[] comb, int at, int s, float eps) {
    for (int k = at; k < at + s; k++) {
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
