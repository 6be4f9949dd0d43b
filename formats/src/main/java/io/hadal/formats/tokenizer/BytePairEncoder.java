package io.hadal.formats.tokenizer;

import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair merging of one piece of text: always the pair of lowest rank, the leftmost of equal
 * ones. Thread-safe; the working memory of a call is a {@link Scratch}.
 */
final class BytePairEncoder {
  /** Up to this many bytes a plain search for the lowest rank beats a heap. */
  private static final int SHORT = 128;

  /** {@code -1} for a byte without a token; such bytes never occur in UTF-8. */
  private final int[] byteIds;

  private final MergeTable rules;
  private final @Nullable Map<String, Integer> wholePieces;
  private final PieceCache cache = new PieceCache();

  /**
   * @param byteIds token id of each of the 256 bytes
   * @param wholePieces ids by {@link ByteAlphabet#key} of tokens that win over merging when they
   *     are a whole piece, or null
   */
  BytePairEncoder(int[] byteIds, MergeTable rules, @Nullable Map<String, Integer> wholePieces) {
    this.byteIds = byteIds;
    this.rules = rules;
    this.wholePieces = wholePieces;
  }

  /** Working memory of one encode call; not thread-safe. */
  static final class Scratch {
    private byte[] utf8 = new byte[256];
    private final int[] ids = new int[SHORT];
    private final int[] ranks = new int[SHORT];
  }

  /** Appends the ids of the piece {@code text[start, end)}. */
  void encode(char[] text, int start, int end, Scratch scratch, TokenBuffer out) {
    boolean cacheable = end - start <= PieceCache.MAX_CHARS;
    int hash = 0;
    if (cacheable) {
      hash = PieceCache.hash(text, start, end);
      int[] known = cache.get(hash, text, start, end);
      if (known != null) {
        out.addAll(known);
        return;
      }
    }
    int first = out.size();
    int length = toUtf8(text, start, end, scratch);
    Integer whole =
        wholePieces == null ? null : wholePieces.get(ByteAlphabet.key(scratch.utf8, length));
    if (whole != null) {
      out.add(whole);
    } else if (length <= SHORT) {
      mergeShort(length, scratch, out);
    } else {
      longPiece(scratch.utf8, length).merge(out);
    }
    if (cacheable) {
      cache.put(hash, Arrays.copyOfRange(text, start, end), out.tail(first));
    }
  }

  private int rank(int left, int right) {
    return rules.rank(left, right);
  }

  private LongPiece longPiece(byte[] utf8, int length) {
    int[] ids = new int[length];
    for (int i = 0; i < length; i++) {
      ids[i] = byteIds[utf8[i] & 0xFF];
    }
    return new LongPiece(ids, rules);
  }

  private void mergeShort(int length, Scratch scratch, TokenBuffer out) {
    int[] ids = scratch.ids;
    int[] rank = scratch.ranks;
    for (int i = 0; i < length; i++) {
      ids[i] = byteIds[scratch.utf8[i] & 0xFF];
    }
    int n = length;
    for (int i = 0; i + 1 < n; i++) {
      rank[i] = rank(ids[i], ids[i + 1]);
    }
    while (n > 1) {
      int at = 0;
      for (int i = 1; i < n - 1; i++) {
        if (rank[i] < rank[at]) {
          at = i;
        }
      }
      if (rank[at] == MergeTable.NO_RANK) {
        break;
      }
      ids[at] = rules.merged(rank[at]);
      n--;
      for (int i = at + 1; i < n; i++) {
        ids[i] = ids[i + 1];
        rank[i - 1] = rank[i];
      }
      if (at + 1 < n) {
        rank[at] = rank(ids[at], ids[at + 1]);
      }
      if (at > 0) {
        rank[at - 1] = rank(ids[at - 1], ids[at]);
      }
    }
    for (int i = 0; i < n; i++) {
      out.add(ids[i]);
    }
  }

  /** Writes the piece as UTF-8 to the scratch; a lone surrogate becomes U+FFFD. */
  private static int toUtf8(char[] text, int start, int end, Scratch scratch) {
    long bound = 3L * (end - start);
    if (bound > scratch.utf8.length) {
      scratch.utf8 = new byte[(int) Math.min(Integer.MAX_VALUE - 16, bound)];
    }
    byte[] utf8 = scratch.utf8;
    int n = 0;
    for (int i = start; i < end; i++) {
      char c = text[i];
      if (c < 0x80) {
        utf8[n++] = (byte) c;
      } else if (c < 0x800) {
        utf8[n++] = (byte) (0xC0 | (c >> 6));
        utf8[n++] = (byte) (0x80 | (c & 0x3F));
      } else if (CharacterClass.width(text, i, end) == 2) {
        int p = Character.toCodePoint(c, text[++i]);
        utf8[n++] = (byte) (0xF0 | (p >> 18));
        utf8[n++] = (byte) (0x80 | ((p >> 12) & 0x3F));
        utf8[n++] = (byte) (0x80 | ((p >> 6) & 0x3F));
        utf8[n++] = (byte) (0x80 | (p & 0x3F));
      } else {
        int p = Character.isSurrogate(c) ? 0xFFFD : c;
        utf8[n++] = (byte) (0xE0 | (p >> 12));
        utf8[n++] = (byte) (0x80 | ((p >> 6) & 0x3F));
        utf8[n++] = (byte) (0x80 | (p & 0x3F));
      }
    }
    return n;
  }
}
