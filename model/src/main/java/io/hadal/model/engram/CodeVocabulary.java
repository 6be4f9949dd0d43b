package io.hadal.model.engram;

import io.hadal.formats.tokenizer.Tokenizer;

/**
 * A tokenizer's tokens as the structural channels see them: bytes, {@link
 * CanonicalRule#STRUCTURE_KEPT} ids and their abstraction (engram spec 10.2, 10.3).
 */
public final class CodeVocabulary {
  /** Abstraction of names. */
  static final int IDENTIFIER = -2;

  static final int NUMBER = -3;
  static final int STRING = -4;

  private final byte[][] bytes;
  private final CanonicalMap map;
  private final int[] abstractions;

  /**
   * Prepares a vocabulary.
   *
   * @param vocabSize ids of the model, at least those of the tokenizer
   * @throws io.hadal.formats.FormatException when the tokenizer has more ids than the model
   */
  public CodeVocabulary(Tokenizer tokenizer, int vocabSize, String source) {
    this.map = CanonicalMap.of(tokenizer, vocabSize, CanonicalRule.STRUCTURE_KEPT, source);
    this.bytes = new byte[vocabSize][];
    this.abstractions = new int[map.size()];
    int next = 0;
    for (int id = 0; id < vocabSize; id++) {
      // Added tokens are marks between texts, not text.
      bytes[id] = tokenizer.isAdded(id) ? new byte[0] : tokenizer.tokenBytes(id);
      if (map.canonical(id) == next) {
        String key = CanonicalKey.of(tokenizer, id, CanonicalRule.STRUCTURE_KEPT);
        abstractions[next] = tokenizer.isAdded(id) ? next : abstraction(key, next);
        next++;
      }
    }
  }

  private static int abstraction(String key, int canonical) {
    int first = key.isEmpty() ? 0 : key.codePointAt(0);
    if (first == '"' || first == '\'' || first == '`') {
      return STRING;
    }
    if (first == '\uE000' || Character.isDigit(first)) {
      return NUMBER;
    }
    boolean name = first == '_' || first == '$' || first > 0x7f || Character.isLetter(first);
    return name && !Keywords.contains(key) ? IDENTIFIER : canonical;
  }

  /** Number of canonical ids. */
  public int size() {
    return map.size();
  }

  /** Bytes of a token's text; none for added tokens. The array is shared. */
  byte[] bytes(int token) {
    return bytes[token];
  }

  int canonical(int token) {
    return map.canonical(token);
  }

  /**
   * A keyword's or operator's canonical id itself, else {@link #IDENTIFIER}, {@link #NUMBER} or
   * {@link #STRING}; negative ids stay.
   */
  int abstraction(int canonical) {
    return canonical < 0 ? canonical : abstractions[canonical];
  }
}
