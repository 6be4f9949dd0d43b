package io.hadal.train.corpus;

import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * The 13-word runs of held-out text, and how many documents of the corpus hold each. A run that
 * many documents hold is a phrase of the language or the platform and gives nothing away; the
 * others mark a document as contaminated.
 */
final class HeldOutGrams {
  static final int WORDS = 13;

  /** From this many documents on, a run counts as common. */
  static final int COMMON = 10;

  private static final Pattern IMPORT =
      Pattern.compile(
          "^[ \\t]*(package|import|from)[ \\t][\\w.*, \\t]+;?[ \\t]*$", Pattern.MULTILINE);

  private long[] keys = new long[1 << 16];
  private byte[] sources = new byte[1 << 16];
  private byte[] documents = new byte[1 << 16];
  private int size;

  /** Where held-out text comes from, as bits. */
  static final int TEST = 1;

  static final int VALID = 2;

  private static WordHashes words(String text) {
    return WordHashes.ofWords(IMPORT.matcher(text).replaceAll(""));
  }

  /** Adds all runs of a text; texts with fewer words have none. */
  void add(String text, int source) {
    WordHashes words = words(text);
    if (words.size() < WORDS) {
      return;
    }
    for (long gram : words.grams(WORDS)) {
      if (size * 2 >= keys.length) {
        grow();
      }
      int slot = slot(gram);
      if (keys[slot] == 0) {
        keys[slot] = key(gram);
        size++;
      }
      sources[slot] |= (byte) source;
    }
  }

  /** The known runs in a text by slot, each once; valid as long as nothing is added. */
  int[] hits(String text) {
    WordHashes words = words(text);
    if (words.size() < WORDS) {
      return new int[0];
    }
    int[] hits = new int[16];
    int n = 0;
    for (long gram : words.grams(WORDS)) {
      int slot = slot(gram);
      if (keys[slot] != 0) {
        if (n == hits.length) {
          hits = Arrays.copyOf(hits, n * 2);
        }
        hits[n++] = slot;
      }
    }
    return Arrays.stream(hits, 0, n).sorted().distinct().toArray();
  }

  /** Notes that a document of the corpus has these hits. */
  void count(int[] hits) {
    for (int slot : hits) {
      if (documents[slot] < COMMON) {
        documents[slot]++;
      }
    }
  }

  /** Whether hits of a counted document, limited to some sources, are more than common phrases. */
  boolean contaminated(int[] hits, int from) {
    for (int slot : hits) {
      if ((sources[slot] & from) != 0 && documents[slot] < COMMON) {
        return true;
      }
    }
    return false;
  }

  int size() {
    return size;
  }

  private static long key(long gram) {
    return gram == 0 ? 1 : gram;
  }

  private int slot(long gram) {
    long key = key(gram);
    int mask = keys.length - 1;
    int slot = (int) (key >>> 17) & mask;
    while (keys[slot] != 0 && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldKeys = keys;
    byte[] oldSources = sources;
    int capacity = oldKeys.length * 2;
    keys = new long[capacity];
    sources = new byte[capacity];
    documents = new byte[capacity];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != 0) {
        int slot = slot(oldKeys[i]);
        keys[slot] = oldKeys[i];
        sources[slot] = oldSources[i];
      }
    }
  }
}
