package io.hadal.formats.tokenizer;

import java.util.Arrays;

/** A growing list of token ids. */
final class TokenBuffer {
  private int[] ids;
  private int size;

  TokenBuffer(int capacity) {
    ids = new int[capacity];
  }

  int size() {
    return size;
  }

  void add(int id) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, Math.max(16, size + (size >> 1)));
    }
    ids[size++] = id;
  }

  void addAll(int[] more) {
    if (more.length == 1) {
      add(more[0]);
      return;
    }
    if (ids.length - size < more.length) {
      ids = Arrays.copyOf(ids, Math.max(size + more.length, size + (size >> 1)));
    }
    System.arraycopy(more, 0, ids, size, more.length);
    size += more.length;
  }

  /** The ids from index {@code from} on. */
  int[] tail(int from) {
    return Arrays.copyOfRange(ids, from, size);
  }
}
