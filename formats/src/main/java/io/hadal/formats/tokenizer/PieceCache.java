package io.hadal.formats.tokenizer;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Ids of recent short pieces: a fixed number of slots, the newest piece of a slot wins. Entries are
 * immutable (final fields), so racing reads and writes see an old, a new or no entry, all correct.
 */
final class PieceCache {
  /** Longest piece worth keeping, in chars. */
  static final int MAX_CHARS = 32;

  private static final int SLOTS = 1 << 16;

  private static final class Entry {
    private final char[] piece;
    private final int[] ids;

    Entry(char[] piece, int[] ids) {
      this.piece = piece;
      this.ids = ids;
    }
  }

  private final @Nullable Entry[] slots = new Entry[SLOTS];

  static int hash(char[] text, int start, int end) {
    int h = 0;
    for (int i = start; i < end; i++) {
      h = h * 0x01000193 + text[i];
    }
    h *= 0x9E3779B9;
    return h ^ (h >>> 16);
  }

  int @Nullable [] get(int hash, char[] text, int start, int end) {
    Entry e = slots[hash & (SLOTS - 1)];
    return e != null && Arrays.equals(e.piece, 0, e.piece.length, text, start, end) ? e.ids : null;
  }

  void put(int hash, char[] piece, int[] ids) {
    slots[hash & (SLOTS - 1)] = new Entry(piece, ids);
  }
}
