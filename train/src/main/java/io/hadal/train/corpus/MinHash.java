package io.hadal.train.corpus;

import java.util.Arrays;

/**
 * Signatures whose share of equal places estimates how alike two texts are: the Jaccard similarity
 * of their sets of five-word shingles (Broder 1997), with a standard error of about 0.04.
 */
final class MinHash {
  static final int PLACES = 128;
  private static final int SHINGLE = 5;

  private static final long[] FACTORS = new long[PLACES];
  private static final long[] TERMS = new long[PLACES];

  static {
    for (int i = 0; i < PLACES; i++) {
      FACTORS[i] = Hashing.mix(2 * i) | 1;
      TERMS[i] = Hashing.mix(2 * i + 1);
    }
  }

  private MinHash() {}

  /** Signature of a text. */
  static int[] signature(String text) {
    int[] least = new int[PLACES];
    Arrays.fill(least, Integer.MAX_VALUE);
    for (long shingle : WordHashes.withSigns(text).grams(SHINGLE)) {
      for (int i = 0; i < PLACES; i++) {
        least[i] = Math.min(least[i], (int) ((shingle * FACTORS[i] + TERMS[i]) >>> 32));
      }
    }
    return least;
  }

  /** Estimated Jaccard similarity, 0 to 1. */
  static double similarity(int[] a, int[] b) {
    int equal = 0;
    for (int i = 0; i < PLACES; i++) {
      equal += a[i] == b[i] ? 1 : 0;
    }
    return (double) equal / PLACES;
  }
}
