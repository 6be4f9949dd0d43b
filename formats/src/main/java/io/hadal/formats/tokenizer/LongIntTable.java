package io.hadal.formats.tokenizer;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Open-addressing map from non-negative longs to non-negative ints, sized once. The hash is seeded
 * per process, so that no file can be made to collide.
 */
final class LongIntTable {
  /** Answer for a key that is not in the table. */
  static final int ABSENT = -1;

  private static final long SEED = ThreadLocalRandom.current().nextLong();
  private static final long FREE = -1;

  private final long[] keys;
  private final int[] values;
  private final int shift;

  LongIntTable(int maxEntries) {
    int bits = Math.max(4, 33 - Integer.numberOfLeadingZeros(Math.max(1, maxEntries)));
    keys = new long[1 << bits];
    values = new int[1 << bits];
    shift = 64 - bits;
    Arrays.fill(keys, FREE);
  }

  /** Adds a key, or returns the value it already has, unchanged. */
  int putIfAbsent(long key, int value) {
    int i = slot(key);
    while (keys[i] != FREE) {
      if (keys[i] == key) {
        return values[i];
      }
      i = (i + 1) & (keys.length - 1);
    }
    keys[i] = key;
    values[i] = value;
    return ABSENT;
  }

  int get(long key) {
    int i = slot(key);
    while (true) {
      long k = keys[i];
      if (k == key) {
        return values[i];
      }
      if (k == FREE) {
        return ABSENT;
      }
      i = (i + 1) & (keys.length - 1);
    }
  }

  private int slot(long key) {
    long h = (key ^ SEED) * 0x9E3779B97F4A7C15L;
    h = (h ^ (h >>> 32)) * 0xD6E8FEB86659FD93L;
    return (int) (h >>> shift);
  }
}
