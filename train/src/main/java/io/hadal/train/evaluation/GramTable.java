package io.hadal.train.evaluation;

import java.util.Arrays;

/**
 * Counts of token sequences of one length by a 64-bit hash: open addressing in primitive arrays, 12
 * or 16 bytes per place. Two sequences with one hash count as one; at 10^8 of them the chance that
 * there is such a pair at all is below 1 in 1000.
 */
final class GramTable {
  private static final int START = 1 << 12;

  private long[] keys = new long[START];
  private int[] counts = new int[START];
  // How many different tokens stand behind the sequence; empty when nobody asks.
  private int[] followers;
  private int size;

  /**
   * @param counted whether followers are counted
   */
  GramTable(boolean counted) {
    this.followers = new int[counted ? START : 0];
  }

  /** The hash of a sequence that is longer by a token. */
  static long hash(long hash, int token) {
    long z = (hash ^ (token + 1)) * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    // 0 marks a free place.
    return z == 0 ? 1 : z;
  }

  /** Place of a sequence, -1 when it was never added. */
  int find(long key) {
    int slot = slot(key);
    return keys[slot] == 0 ? -1 : slot;
  }

  /**
   * Counts a sequence once more.
   *
   * @return how often it was counted now
   */
  int add(long key) {
    // The array may be another one afterwards.
    int slot = place(key);
    return ++counts[slot];
  }

  /** Notes that a known sequence stands before a token that it did not stand before yet. */
  void follower(long key) {
    followers[slot(key)]++;
  }

  private int place(long key) {
    int slot = slot(key);
    if (keys[slot] == 0) {
      if (size + 1 > keys.length * 3L / 4) {
        grow();
        slot = slot(key);
      }
      keys[slot] = key;
      size++;
    }
    return slot;
  }

  int count(int slot) {
    return counts[slot];
  }

  int followers(int slot) {
    return followers[slot];
  }

  /** Number of different sequences. */
  int size() {
    return size;
  }

  /** How many sequences were counted exactly {@code times}. */
  long counted(int times) {
    return Arrays.stream(counts).filter(c -> c == times).count();
  }

  private int slot(long key) {
    int mask = keys.length - 1;
    int slot = (int) (key >>> 20) & mask;
    while (keys[slot] != 0 && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    if (keys.length == 1 << 30) {
      throw new IllegalStateException("too many different sequences for one table");
    }
    long[] oldKeys = keys;
    int[] oldCounts = counts;
    int[] oldFollowers = followers;
    keys = new long[oldKeys.length * 2];
    counts = new int[oldKeys.length * 2];
    followers = new int[oldFollowers.length * 2];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != 0) {
        int slot = slot(oldKeys[i]);
        keys[slot] = oldKeys[i];
        counts[slot] = oldCounts[i];
        if (oldFollowers.length > 0) {
          followers[slot] = oldFollowers[i];
        }
      }
    }
  }
}
