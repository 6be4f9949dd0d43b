package io.hadal.kernels;

import java.util.Arrays;
import java.util.Objects;

/**
 * Selection of the largest scores. One scan collects what is above the k-th largest score so far;
 * whenever the room for candidates is full, radix counting cuts it down to the best k. Most scores
 * of a long row cost one comparison, and no order of scores costs more than linear time.
 */
public final class TopK {
  private static final int BITS = 8;
  private static final int BUCKETS = 1 << BITS;
  private static final ThreadLocal<Candidates> OWN = ThreadLocal.withInitial(Candidates::new);

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
    Candidates c = OWN.get();
    c.start(k);
    // From the newest entry down, so that a tie with what is held is always lost.
    int i = n - 1;
    for (int first = Math.max(0, n - c.room); i >= first; i--) {
      c.add(i, scores[offset + i]);
    }
    while (i >= 0) {
      float threshold = c.cut(k);
      i = collect(scores, offset, i, threshold, c);
    }
    c.cut(k);
    for (int j = 0; j < k; j++) {
      out[k - 1 - j] = c.indices[j];
    }
    return k;
  }

  /** Adds scores above the threshold until the room is full; returns the next index. */
  private static int collect(float[] scores, int offset, int from, float threshold, Candidates c) {
    int at = lastAbove(scores, offset, offset + from, threshold);
    while (at >= offset) {
      c.add(at - offset, scores[at]);
      if (c.size == c.room) {
        return at - offset - 1;
      }
      at = lastAbove(scores, offset, at - 1, threshold);
    }
    return -1;
  }

  private static int lastAbove(float[] scores, int first, int last, float threshold) {
    for (int i = last; i >= first; i--) {
      if (scores[i] > threshold) {
        return i;
      }
    }
    return first - 1;
  }

  /** Unsigned order of the keys is the order of the scores; both zeros are one. */
  private static int key(float score) {
    int bits = Float.floatToRawIntBits(Float.isNaN(score) ? Float.NEGATIVE_INFINITY : score + 0.0f);
    return bits ^ (bits >> 31 | 0x80000000);
  }

  private static float score(int key) {
    return Float.intBitsToFloat(key ^ (~key >> 31 | 0x80000000));
  }

  /** Scores held by one thread, newest entry first. */
  private static final class Candidates {
    private final int[] counts = new int[BUCKETS];
    private int[] indices = new int[0];
    private int[] keys = new int[0];
    private int room;
    private int size;

    void start(int k) {
      room = 2 * k + 64;
      size = 0;
      if (indices.length < room) {
        indices = new int[room];
        keys = new int[room];
      }
    }

    void add(int index, float score) {
      indices[size] = index;
      keys[size++] = key(score);
    }

    /** Keeps the best k and returns the least of them. */
    float cut(int k) {
      int prefix = 0;
      int mask = 0;
      int need = k;
      for (int shift = 32 - BITS; shift >= 0; shift -= BITS) {
        Arrays.fill(counts, 0);
        for (int i = 0; i < size; i++) {
          if ((keys[i] & mask) == prefix) {
            counts[keys[i] >>> shift & BUCKETS - 1]++;
          }
        }
        int bucket = BUCKETS - 1;
        while (counts[bucket] < need) {
          need -= counts[bucket--];
        }
        prefix |= bucket << shift;
        mask |= BUCKETS - 1 << shift;
      }
      int kept = 0;
      for (int i = 0; i < size; i++) {
        int key = keys[i];
        boolean above = Integer.compareUnsigned(key, prefix) > 0;
        if (above || (key == prefix && need-- > 0)) {
          indices[kept] = indices[i];
          keys[kept++] = key;
        }
      }
      size = kept;
      return score(prefix);
    }
  }
}
