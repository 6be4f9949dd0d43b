package io.hadal.model.engram;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The most recently used rows in their stored form, up to a number of bytes. Memory for rows is
 * taken as they come. Not thread-safe.
 */
final class RowCache {
  private static final int NONE = -1;
  private static final int CHUNK_ROWS = 1 << 10;

  /** Row id, two links and up to four hash buckets. */
  static final int OVERHEAD_BYTES = 4 * 7;

  private static final int MAX_ROWS = 1 << 28;

  private final TableFormat format;
  private final @Nullable RowBuffer[] chunks;
  private final int[] rows;
  private final int[] newer;
  private final int[] older;
  // Open addressing with linear probing: slot of a row or NONE.
  private final int[] buckets;
  private final int shift;
  private int size;
  private int newest = NONE;
  private int oldest = NONE;

  /**
   * @param budgetBytes memory for rows and index; too little for one row means no cache
   * @param tableRows rows of the table, more are never cached
   */
  RowCache(TableFormat format, long budgetBytes, int tableRows) {
    this.format = format;
    long fits = budgetBytes / (format.rowBytes() + OVERHEAD_BYTES);
    int capacity = (int) Math.min(Math.min(fits, tableRows), MAX_ROWS);
    this.chunks = new RowBuffer[(capacity + CHUNK_ROWS - 1) / CHUNK_ROWS];
    this.rows = new int[capacity];
    this.newer = new int[capacity];
    this.older = new int[capacity];
    int bits = 33 - Integer.numberOfLeadingZeros(Math.max(capacity, 2) - 1);
    this.buckets = new int[1 << bits];
    this.shift = 32 - bits;
    Arrays.fill(buckets, NONE);
  }

  int capacity() {
    return rows.length;
  }

  int size() {
    return size;
  }

  /** Copies a cached row out and marks it as used; false when it is not cached. */
  boolean get(int row, RowBuffer to, int toRow) {
    int slot = buckets[bucket(row)];
    if (slot == NONE) {
      return false;
    }
    touch(slot);
    to.copy(chunk(slot), slot % CHUNK_ROWS, toRow);
    return true;
  }

  /** Keeps a copy of a row, in place of the least recently used one when full. */
  void put(int row, RowBuffer from, int fromRow) {
    if (rows.length == 0) {
      return;
    }
    int at = bucket(row);
    if (buckets[at] != NONE) {
      touch(buckets[at]);
      return;
    }
    int slot;
    if (size < rows.length) {
      slot = size++;
    } else {
      slot = oldest;
      unlink(slot);
      remove(rows[slot]);
      at = bucket(row);
    }
    rows[slot] = row;
    buckets[at] = slot;
    link(slot);
    chunk(slot).copy(from, fromRow, slot % CHUNK_ROWS);
  }

  private RowBuffer chunk(int slot) {
    int index = slot / CHUNK_ROWS;
    RowBuffer chunk = chunks[index];
    if (chunk == null) {
      chunk = new RowBuffer(format, Math.min(CHUNK_ROWS, rows.length - index * CHUNK_ROWS));
      chunks[index] = chunk;
    }
    return chunk;
  }

  /** The bucket that holds the row, or the free one where it belongs. */
  private int bucket(int row) {
    int at = home(row);
    while (buckets[at] != NONE && rows[buckets[at]] != row) {
      at = at + 1 & buckets.length - 1;
    }
    return at;
  }

  private int home(int row) {
    return row * 0x9E3779B9 >>> shift;
  }

  /** Frees a row's bucket; later entries of its run move up so that no search ends too early. */
  private void remove(int row) {
    int mask = buckets.length - 1;
    int hole = bucket(row);
    for (int at = hole + 1 & mask; buckets[at] != NONE; at = at + 1 & mask) {
      int distance = at - home(rows[buckets[at]]) & mask;
      if (distance >= (at - hole & mask)) {
        buckets[hole] = buckets[at];
        hole = at;
      }
    }
    buckets[hole] = NONE;
  }

  private void touch(int slot) {
    if (slot != newest) {
      unlink(slot);
      link(slot);
    }
  }

  private void link(int slot) {
    newer[slot] = NONE;
    older[slot] = newest;
    if (newest == NONE) {
      oldest = slot;
    } else {
      newer[newest] = slot;
    }
    newest = slot;
  }

  private void unlink(int slot) {
    int before = newer[slot];
    int after = older[slot];
    if (before == NONE) {
      newest = after;
    } else {
      older[before] = after;
    }
    if (after == NONE) {
      oldest = before;
    } else {
      newer[after] = before;
    }
  }
}
