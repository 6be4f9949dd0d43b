package io.hadal.train.tokenizer;

import io.hadal.formats.tokenizer.PreTokenizer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How often each piece of the pre-tokenizer occurs in a text. Not thread-safe: one per thread, then
 * {@link #add(WordCounts)}. The sums do not depend on the order.
 */
public final class WordCounts {
  private final PreTokenizer preTokenizer;
  private final Map<String, Count> counts = new HashMap<>();

  private static final class Count {
    private long value;
  }

  public WordCounts(PreTokenizer preTokenizer) {
    this.preTokenizer = preTokenizer;
  }

  /** Counts the pieces of one document; a lone surrogate counts as U+FFFD. */
  public void add(String text) {
    char[] chars = text.toCharArray();
    int i = 0;
    while (i < chars.length) {
      int end = preTokenizer.pieceEnd(chars, i, chars.length);
      counts.computeIfAbsent(new String(chars, i, end - i), _ -> new Count()).value++;
      i = end;
    }
  }

  /** Adds the counts of another part of the text. */
  public void add(WordCounts other) {
    other.counts.forEach(
        (word, count) -> counts.computeIfAbsent(word, _ -> new Count()).value += count.value);
  }

  /** Number of different pieces. */
  public int size() {
    return counts.size();
  }

  /** Receives a piece as UTF-8 and its number of occurrences. */
  @FunctionalInterface
  interface Visitor {
    void accept(byte[] utf8, long count);
  }

  void forEach(Visitor visitor) {
    counts.forEach(
        (word, count) ->
            visitor.accept(wellFormed(word).getBytes(StandardCharsets.UTF_8), count.value));
  }

  /** {@link String#getBytes} would write a lone surrogate as a question mark. */
  private static String wellFormed(String word) {
    @Nullable StringBuilder fixed = null;
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isSupplementaryCodePoint(word.codePointAt(i))) {
          i++;
        } else {
          fixed = fixed == null ? new StringBuilder(word) : fixed;
          fixed.setCharAt(i, '\uFFFD');
        }
      }
    }
    return fixed == null ? word : fixed.toString();
  }
}
