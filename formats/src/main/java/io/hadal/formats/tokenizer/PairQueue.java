package io.hadal.formats.tokenizer;

import java.util.Arrays;

/**
 * Priority queue of (rank, position), lowest first. The pairs known at the start are sorted once
 * and read in order; only pairs that merging creates go through the heap.
 */
final class PairQueue {
  private final long[] initial;
  private final int initialCount;
  private int cursor;
  private long[] heap = new long[64];
  private int size;

  /** Takes over the first {@code count} entries of the array. */
  PairQueue(long[] initial, int count) {
    Arrays.sort(initial, 0, count);
    this.initial = initial;
    initialCount = count;
  }

  static long entry(int rank, int position) {
    return (long) rank << 32 | position;
  }

  static int rank(long entry) {
    return (int) (entry >>> 32);
  }

  static int position(long entry) {
    return (int) entry;
  }

  boolean isEmpty() {
    return size == 0 && cursor == initialCount;
  }

  void add(long entry) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, size * 2);
    }
    int i = size++;
    while (i > 0) {
      int parent = (i - 1) >> 2;
      if (heap[parent] <= entry) {
        break;
      }
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = entry;
  }

  long poll() {
    if (size == 0 || (cursor < initialCount && initial[cursor] < heap[0])) {
      return initial[cursor++];
    }
    long top = heap[0];
    long last = heap[--size];
    int i = 0;
    while (true) {
      int child = 4 * i + 1;
      if (child >= size) {
        break;
      }
      int best = child;
      for (int c = child + 1; c < Math.min(child + 4, size); c++) {
        if (heap[c] < heap[best]) {
          best = c;
        }
      }
      if (heap[best] >= last) {
        break;
      }
      heap[i] = heap[best];
      i = best;
    }
    heap[i] = last;
    return top;
  }
}
