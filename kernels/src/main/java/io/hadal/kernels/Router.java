package io.hadal.kernels;

import org.jspecify.annotations.Nullable;

/** Expert choice and weights (spec 5.1). */
public final class Router {
  private Router() {}

  /** {@code sqrt(softplus(logit))}; in and out may be the same. */
  public static void scores(float[] logits, int offset, int n, float[] out, int outOffset) {
    for (int i = 0; i < n; i++) {
      double v = logits[offset + i];
      double softplus = v > 20 ? v : Math.log1p(Math.exp(v));
      out[outOffset + i] = (float) Math.sqrt((float) softplus);
    }
  }

  /**
   * The k experts with the largest {@code score + bias}, ties to the lower id, NaN last.
   *
   * @param bias only for the choice; none = zeros
   * @param ids out: ascending
   */
  public static void select(
      float[] scores, int offset, int n, float @Nullable [] bias, int k, int[] ids, int idsOffset) {
    if (k > n) {
      throw new IllegalArgumentException(k + " of " + n + " experts");
    }
    float worstBound = Float.POSITIVE_INFINITY;
    int previous = -1;
    for (int chosen = 0; chosen < k; chosen++) {
      // The next key in the order (value down, id up) after the one chosen last.
      int best = -1;
      float bestValue = 0;
      for (int i = 0; i < n; i++) {
        float v = key(scores, offset, bias, i);
        boolean after = v < worstBound || (v == worstBound && i > previous);
        if (after && (best < 0 || v > bestValue)) {
          best = i;
          bestValue = v;
        }
      }
      worstBound = bestValue;
      previous = best;
      insert(ids, idsOffset, chosen, best);
    }
  }

  private static float key(float[] scores, int offset, float @Nullable [] bias, int i) {
    float v = scores[offset + i] + (bias == null ? 0 : bias[i]);
    return Float.isNaN(v) ? Float.NEGATIVE_INFINITY : v;
  }

  private static void insert(int[] ids, int offset, int count, int id) {
    int at = offset + count;
    while (at > offset && ids[at - 1] > id) {
      ids[at] = ids[at - 1];
      at--;
    }
    ids[at] = id;
  }

  /**
   * {@code scores[id] / (sum of chosen scores + 1e-20) * scale}, without bias. The constant (V4.1
   * spec 4.3) keeps experts whose scores all underflow at weight 0.
   */
  public static void weights(
      float[] scores,
      int offset,
      int[] ids,
      int idsOffset,
      int k,
      float scale,
      float[] out,
      int outOffset) {
    float sum = 0;
    for (int i = 0; i < k; i++) {
      sum += scores[offset + ids[idsOffset + i]];
    }
    sum += 1e-20f;
    for (int i = 0; i < k; i++) {
      out[outOffset + i] = scores[offset + ids[idsOffset + i]] / sum * scale;
    }
  }
}
