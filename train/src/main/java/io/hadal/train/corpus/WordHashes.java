package io.hadal.train.corpus;

import java.util.Arrays;

/** The words of a text as hashes: names, numbers and, on request, single signs. */
final class WordHashes {
  private long[] hashes = new long[1 << 10];
  private int size;

  private WordHashes() {}

  /** Words and signs. */
  static WordHashes withSigns(CharSequence text) {
    return of(text, true);
  }

  /** Words alone. */
  static WordHashes ofWords(CharSequence text) {
    return of(text, false);
  }

  private static WordHashes of(CharSequence text, boolean signs) {
    WordHashes words = new WordHashes();
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (isWord(c)) {
        int start = i++;
        while (i < text.length() && isWord(text.charAt(i))) {
          i++;
        }
        words.add(Hashing.of(text, start, i));
      } else {
        if (signs && c > ' ') {
          words.add(Hashing.mix(c));
        }
        i++;
      }
    }
    return words;
  }

  private static boolean isWord(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '_'
        || c == '$'
        || (c >= 0x80 && Character.isLetterOrDigit(c));
  }

  private void add(long hash) {
    if (size == hashes.length) {
      hashes = Arrays.copyOf(hashes, size * 2);
    }
    hashes[size++] = hash;
  }

  int size() {
    return size;
  }

  /**
   * Hashes of all runs of {@code n} words, of the whole text if it has fewer; empty without words.
   */
  long[] grams(int n) {
    int length = Math.min(n, size);
    long[] grams = new long[length == 0 ? 0 : size - length + 1];
    for (int i = 0; i < grams.length; i++) {
      long h = length;
      for (int k = i; k < i + length; k++) {
        h = (h ^ hashes[k]) * 0x9E3779B97F4A7C15L;
        h ^= h >>> 32;
      }
      grams[i] = Hashing.mix(h);
    }
    return grams;
  }
}
