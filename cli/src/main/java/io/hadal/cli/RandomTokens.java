package io.hadal.cli;

import java.util.SplittableRandom;

/** Seeded token ids for measurements, the same in every run. */
final class RandomTokens {
  private final SplittableRandom random;
  private final int vocabulary;

  RandomTokens(long seed, int vocabulary) {
    this.random = new SplittableRandom(seed);
    this.vocabulary = vocabulary;
  }

  int[] next(int count) {
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = random.nextInt(vocabulary);
    }
    return ids;
  }
}
