package io.hadal.model.engram;

import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.Tokenizer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Maps token ids to the smaller space of canonical ids (engram spec 1), dense from 0 in the order
 * of first occurrence.
 */
public final class CanonicalMap {
  /** As many ids as a tokenizer can have. */
  static final int MAX_SIZE = 1 << 21;

  private final int[] map;
  private final int size;

  private CanonicalMap(int[] map, int size) {
    this.map = map;
    this.size = size;
  }

  /** As {@link #of(Tokenizer, int, CanonicalRule, String)} with the released rule. */
  public static CanonicalMap of(Tokenizer tokenizer, int vocabSize, String source) {
    return of(tokenizer, vocabSize, CanonicalRule.RELEASED, source);
  }

  /**
   * Computes the map of a tokenizer. Ids without a token share one canonical id.
   *
   * @param vocabSize ids of the model, at least those of the tokenizer
   * @throws FormatException when the tokenizer has more ids than the model
   */
  public static CanonicalMap of(
      Tokenizer tokenizer, int vocabSize, CanonicalRule rule, String source) {
    if (tokenizer.vocabSize() > vocabSize || vocabSize > MAX_SIZE) {
      throw new FormatException(
          source,
          "the tokenizer has "
              + tokenizer.vocabSize()
              + " ids, the model "
              + vocabSize
              + "; they belong to different models");
    }
    Map<String, Integer> ids = new HashMap<>();
    int[] map = new int[vocabSize];
    for (int id = 0; id < vocabSize; id++) {
      String key = CanonicalKey.of(tokenizer, id, rule);
      Integer known = ids.putIfAbsent(key, ids.size());
      map[id] = known == null ? ids.size() - 1 : known;
    }
    return new CanonicalMap(map, ids.size());
  }

  /**
   * A stored map.
   *
   * @throws FormatException when it is empty or its ids are not dense in order of first occurrence
   */
  public static CanonicalMap of(int[] map, String source) {
    if (map.length == 0 || map.length > MAX_SIZE) {
      throw new FormatException(source, "a canonical token map of " + map.length + " entries");
    }
    int size = 0;
    for (int id = 0; id < map.length; id++) {
      if (map[id] < 0 || map[id] > size) {
        throw new FormatException(
            source,
            "the canonical token map gives token "
                + id
                + " the id "
                + map[id]
                + ", expected 0.."
                + size);
      }
      size = Math.max(size, map[id] + 1);
    }
    return new CanonicalMap(map.clone(), size);
  }

  /**
   * Fails unless the map has the size that the weights were trained with; another size would change
   * every hash.
   *
   * @throws FormatException naming both sizes
   */
  public void requireSize(int expected, String source) {
    if (size != expected) {
      throw new FormatException(
          source,
          "the canonical token map has "
              + size
              + " ids, the Engram configuration asks for "
              + expected
              + "; use the tokenizer the weights were made with");
    }
  }

  /** Number of canonical ids. */
  public int size() {
    return size;
  }

  /** Number of token ids. */
  public int vocabSize() {
    return map.length;
  }

  /** Canonical id of a token id. */
  public int canonical(int token) {
    return map[Objects.checkIndex(token, map.length)];
  }

  /** Canonical ids of {@code count} tokens. */
  public void canonical(int[] tokens, int from, int count, int[] out, int outOffset) {
    for (int i = 0; i < count; i++) {
      out[outOffset + i] = canonical(tokens[from + i]);
    }
  }

  public int[] toArray() {
    return map.clone();
  }
}
