package io.hadal.train.corpus;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps the first of texts that are alike, in the order they are offered: texts that agree in a
 * whole band of their signature are compared. With 16 bands of 8 places, pairs of similarity 0.8
 * meet with probability 0.95, pairs of 0.5 with 0.06.
 */
final class NearDuplicates {
  private static final int BANDS = 16;
  private static final int ROWS = MinHash.PLACES / BANDS;

  /** Boilerplate may fill a bucket; comparing with the first ones is enough then. */
  private static final int MAX_CHAIN = 64;

  private final double threshold;
  private final List<int[]> kept = new ArrayList<>();
  private final Map<Long, List<Integer>> buckets = new HashMap<>();

  /**
   * @param threshold similarity from which on a text counts as a duplicate
   */
  NearDuplicates(double threshold) {
    this.threshold = threshold;
  }

  /** Takes a text unless it is like one that was taken before; returns whether it was. */
  boolean add(int[] signature) {
    long[] keys = new long[BANDS];
    for (int band = 0; band < BANDS; band++) {
      long key = band;
      for (int i = band * ROWS; i < (band + 1) * ROWS; i++) {
        key = Hashing.mix(key ^ signature[i]);
      }
      keys[band] = key;
      for (int other : buckets.getOrDefault(key, List.of())) {
        if (MinHash.similarity(signature, kept.get(other)) >= threshold) {
          return false;
        }
      }
    }
    int index = kept.size();
    kept.add(signature);
    for (long key : keys) {
      List<Integer> bucket = buckets.computeIfAbsent(key, _ -> new ArrayList<>(1));
      if (bucket.size() < MAX_CHAIN) {
        bucket.add(index);
      }
    }
    return true;
  }
}
