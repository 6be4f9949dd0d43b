package io.hadal.formats.tokenizer;

import io.hadal.formats.FormatException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a vocabulary by id. Ids may have holes and placeholders that stand for no text.
 *
 * <p>Ordinary tokens are written in the {@link ByteAlphabet}; added tokens are literal text.
 */
final class Vocabulary {
  private static final byte[] NO_BYTES = {};

  final String[] tokens;
  final BitSet added;
  final BitSet special;
  private final byte[][] bytes;
  // A HashMap, which stays fast when a file chooses keys of equal hash.
  private final Map<String, Integer> ids;

  private Vocabulary(
      String[] tokens, byte[][] bytes, BitSet added, BitSet special, Map<String, Integer> ids) {
    this.tokens = tokens;
    this.bytes = bytes;
    this.added = added;
    this.special = special;
    this.ids = ids;
  }

  int size() {
    return tokens.length;
  }

  String token(int id) {
    return id >= 0 && id < tokens.length ? tokens[id] : "";
  }

  /** The shared array of the token's bytes; empty if the id has no token. */
  byte[] bytes(int id) {
    return id >= 0 && id < bytes.length ? bytes[id] : NO_BYTES;
  }

  /** Whether the id has a token that is not an added one. */
  boolean isOrdinary(int id) {
    return bytes(id).length > 0 && !added.get(id);
  }

  OptionalInt id(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** Collects tokens and checks that ids and texts are unique and in bounds. */
  static final class Builder {
    /** Far above any released vocabulary; bounds what a hostile id can allocate. */
    private static final int MAX_SIZE = 1 << 21;

    private static final int MAX_ADDED_LENGTH = 1024;
    private static final int MAX_ADDED_CHARS = 1 << 24;

    private final String source;
    private final BitSet added = new BitSet();
    private final BitSet special = new BitSet();
    private final Map<String, Integer> ids = new HashMap<>();
    private @Nullable String[] tokens = new String[1 << 10];
    private byte[] @Nullable [] bytes = new byte[1 << 10][];
    private int size;
    private int addedChars;

    Builder(String source) {
      this.source = source;
    }

    /** Adds a token written in the byte alphabet, or literally if it leaves that alphabet. */
    void addOrdinary(long id, String token, Supplier<String> field) {
      byte[] mapped = ByteAlphabet.toBytes(token);
      put(id, token, mapped == null ? literal(token, field) : mapped, field);
    }

    /** Adds an added token, or marks the token that is already there under the same id and text. */
    void addAdded(long id, String token, boolean isSpecial, Supplier<String> field) {
      if (token.isEmpty() || token.length() > MAX_ADDED_LENGTH) {
        throw new FormatException(
            source,
            field.get()
                + " has "
                + token.length()
                + " characters; allowed are 1 to "
                + MAX_ADDED_LENGTH);
      }
      addedChars += token.length();
      if (addedChars > MAX_ADDED_CHARS) {
        throw new FormatException(
            source,
            field.get() + ": the added tokens have more than " + MAX_ADDED_CHARS + " characters");
      }
      byte[] literal = literal(token, field);
      Integer known = ids.get(token);
      if (known == null) {
        put(id, token, literal, field);
      } else if (known != id) {
        throw new FormatException(
            source,
            field.get() + " gives " + Quote.of(token) + " id " + id + ", but it is also " + known);
      }
      bytes[(int) id] = literal;
      added.set((int) id);
      special.set((int) id, isSpecial);
    }

    /** Takes an id for a token that never occurs in text. */
    void addPlaceholder(long id, String token, Supplier<String> field) {
      reserve(id, field);
      tokens[(int) id] = token;
    }

    Vocabulary build() {
      String[] texts = new String[size];
      byte[][] all = new byte[size][];
      for (int id = 0; id < size; id++) {
        texts[id] = Objects.requireNonNullElse(tokens[id], "");
        all[id] = Objects.requireNonNullElse(bytes[id], NO_BYTES);
      }
      return new Vocabulary(texts, all, added, special, ids);
    }

    private void put(long id, String token, byte[] tokenBytes, Supplier<String> field) {
      reserve(id, field);
      Integer other = ids.putIfAbsent(token, (int) id);
      if (other != null) {
        throw new FormatException(
            source, field.get() + ": " + Quote.of(token) + " has two ids, " + other + " and " + id);
      }
      tokens[(int) id] = token;
      bytes[(int) id] = tokenBytes;
    }

    private void reserve(long id, Supplier<String> field) {
      if (id < 0 || id >= MAX_SIZE) {
        throw new FormatException(
            source, field.get() + " has id " + id + "; allowed are 0 to " + (MAX_SIZE - 1));
      }
      int i = (int) id;
      if (i >= tokens.length) {
        int capacity = Math.max(i + 1, tokens.length * 2);
        tokens = Arrays.copyOf(tokens, capacity);
        bytes = Arrays.copyOf(bytes, capacity);
      }
      if (tokens[i] != null) {
        throw new FormatException(
            source, field.get() + " takes id " + id + ", which belongs to " + Quote.of(tokens[i]));
      }
      size = Math.max(size, i + 1);
    }

    private byte[] literal(String token, Supplier<String> field) {
      for (int i = 0; i < token.length(); i++) {
        if (Character.isSurrogate(token.charAt(i))) {
          int c = token.codePointAt(i++);
          if (!Character.isSupplementaryCodePoint(c)) {
            throw new FormatException(source, field.get() + " holds half of a surrogate pair");
          }
        }
      }
      return token.getBytes(StandardCharsets.UTF_8);
    }
  }
}
