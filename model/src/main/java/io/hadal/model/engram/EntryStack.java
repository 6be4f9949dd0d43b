package io.hadal.model.engram;

import java.util.Arrays;

/** A stack of up to {@value #CAPACITY} entries of a few numbers each. */
final class EntryStack {
  static final int CAPACITY = 64;

  private final int fields;
  private final int[] values;
  private int size;

  EntryStack(int fields) {
    this.fields = fields;
    this.values = new int[CAPACITY * fields];
  }

  int size() {
    return size;
  }

  boolean isFull() {
    return size == CAPACITY;
  }

  void push(int... entry) {
    System.arraycopy(entry, 0, values, size * fields, fields);
    size++;
  }

  int get(int index, int field) {
    return values[index * fields + field];
  }

  void set(int index, int field, int value) {
    values[index * fields + field] = value;
  }

  /** Drops all but the lowest entries. */
  void cut(int newSize) {
    size = Math.min(size, newSize);
  }

  /** The entries, lowest first. */
  int[] save() {
    return Arrays.copyOf(values, size * fields);
  }

  void restore(int[] saved, int from, int entries) {
    size = entries;
    System.arraycopy(saved, from, values, 0, entries * fields);
  }
}
