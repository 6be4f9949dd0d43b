package io.hadal.kernels;

import java.util.Arrays;
import java.util.Objects;

/** Selection of the largest scores by radix counting: linear time whatever the values. */
public final class TopK {
  private static final int BUCKETS = 1 << 11;
  private static final ThreadLocal<int[]> COUNTS = ThreadLocal.withInitial(() -> new int[BUCKETS]);

  private TopK() {}

  /**
   * Writes the indices (from 0) of the {@code min(k, n)} largest of n scores to {@code out} in
   * ascending order and returns their number. Ties go to the higher index, the newer entry; NaN
   * counts as -inf.
   */
  public static int select(float[] scores, int offset, int n, int k, int[] out) {
    Objects.checkFromIndexSize(offset, n, scores.length);
    if (k >= n) {
      for (int i = 0; i < n; i++) {
        out[i] = i;
      }
      return n;
    }
    if (k <= 0) {
      return 0;
    }
    int[] counts = COUNTS.get();
    int prefix = 0;
    int mask = 0;
    int need = k;
    // Narrow the k-th largest key 11, 11 and 10 bits at a time.
    for (int shift = 21; shift >= -1; shift -= 11) {
      int width = shift < 0 ? 10 : 11;
      int low = Math.max(shift, 0);
      Arrays.fill(counts, 0);
      for (int i = 0; i < n; i++) {
        int key = key(scores[offset + i]);
        if ((key & mask) == prefix) {
          counts[key >>> low & (1 << width) - 1]++;
        }
      }
      int bucket = (1 << width) - 1;
      while (counts[bucket] < need) {
        need -= counts[bucket--];
      }
      prefix |= bucket << low;
      mask |= (1 << width) - 1 << low;
    }
    int written = k;
    for (int i = n - 1; i >= 0 && written > 0; i--) {
      int key = key(scores[offset + i]);
      if (Integer.compareUnsigned(key, prefix) > 0) {
        out[--written] = i;
      } else if (key == prefix && need > 0) {
        out[--written] = i;
        need--;
      }
    }
    return k;
  }

  /** Unsigned order of the keys is the order of the scores; both zeros are one. */
  private static int key(float score) {
    int bits = Float.floatToRawIntBits(Float.isNaN(score) ? Float.NEGATIVE_INFINITY : score + 0.0f);
    return bits ^ (bits >> 31 | 0x80000000);
  }
}
