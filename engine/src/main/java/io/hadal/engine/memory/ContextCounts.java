package io.hadal.engine.memory;

import java.util.Arrays;

/**
 * Which tokens followed a context, and how often: the statistics of prediction by partial matching,
 * over tokens instead of bytes. All orders share one open-addressing table. Contexts are known by
 * their 64-bit hash; two that collide share their counts, which costs accuracy and nothing else.
 */
final class ContextCounts {
  static final int NONE = -1;

  private final int capacity;
  private long[] keys = new long[1 << 10];
  private int[] first = new int[1 << 10];
  private int contexts;
  private int[] token = new int[1 << 10];
  private int[] count = new int[1 << 10];
  private int[] next = new int[1 << 10];
  private int entries;

  /**
   * @param capacity most pairs of context and follower; beyond it only known pairs are counted
   */
  ContextCounts(int capacity) {
    this.capacity = capacity;
  }

  /** Counts a token behind the contexts that it follows. */
  void add(RecentTokens contextsBefore, int id) {
    for (int o = 0; o < contextsBefore.orders(); o++) {
      add(contextsBefore.key(o), id);
    }
  }

  /** First follower of a context, the latest one; {@link #NONE} for an unknown context. */
  int firstEntry(long key) {
    int slot = find(key);
    return slot < 0 ? NONE : first[slot];
  }

  int nextEntry(int entry) {
    return next[entry];
  }

  int token(int entry) {
    return token[entry];
  }

  int count(int entry) {
    return count[entry];
  }

  private void add(long key, int id) {
    int slot = find(key);
    if (slot >= 0) {
      int before = NONE;
      for (int e = first[slot]; e != NONE; before = e, e = next[e]) {
        if (token[e] == id) {
          count[e]++;
          toFront(slot, before, e);
          return;
        }
      }
    }
    if (entries == capacity) {
      return;
    }
    if (slot < 0) {
      slot = insert(key);
    }
    if (entries == token.length) {
      int size = (int) Math.min(capacity, entries * 2L);
      token = Arrays.copyOf(token, size);
      count = Arrays.copyOf(count, size);
      next = Arrays.copyOf(next, size);
    }
    token[entries] = id;
    count[entries] = 1;
    next[entries] = first[slot];
    first[slot] = entries++;
  }

  private void toFront(int slot, int before, int entry) {
    if (before != NONE) {
      next[before] = next[entry];
      next[entry] = first[slot];
      first[slot] = entry;
    }
  }

  /** Place of a context, or the complement of the free place where it belongs. */
  private int find(long key) {
    int mask = keys.length - 1;
    int i = (int) (key >>> 32) & mask;
    while (keys[i] != 0) {
      if (keys[i] == key) {
        return i;
      }
      i = (i + 1) & mask;
    }
    return ~i;
  }

  private int insert(long key) {
    if (contexts * 2 >= keys.length) {
      grow();
    }
    int slot = ~find(key);
    keys[slot] = key;
    first[slot] = NONE;
    contexts++;
    return slot;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldFirst = first;
    keys = new long[oldKeys.length * 2];
    first = new int[oldKeys.length * 2];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != 0) {
        int slot = ~find(oldKeys[i]);
        keys[slot] = oldKeys[i];
        first[slot] = oldFirst[i];
      }
    }
  }
}
