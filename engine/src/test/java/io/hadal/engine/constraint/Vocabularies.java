package io.hadal.engine.constraint;

import io.hadal.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Vocabularies for tests. */
final class Vocabularies {
  /** The bytes, then some longer tokens, then a special one. */
  static final TokenVocabulary SMALL = small();

  static final int SPECIAL = SMALL.size() - 1;

  private Vocabularies() {}

  private static TokenVocabulary small() {
    String[] more = {
      "{\"",
      "\":",
      "\"}",
      "\",",
      "true",
      "false",
      "null",
      "ab",
      "abc",
      "\"a",
      "[[",
      "]]",
      "12",
      "00",
      "é",
      "日本",
      "\": \"",
      "}, {",
      "  ",
      "\n",
      "name",
      "\"name\"",
      "a\"}",
      "\\n",
      "\\u00",
      "-1",
      "0.5"
    };
    byte[][] bytes = new byte[256 + more.length + 1][];
    for (int i = 0; i < 256; i++) {
      bytes[i] = new byte[] {(byte) i};
    }
    for (int i = 0; i < more.length; i++) {
      bytes[256 + i] = more[i].getBytes(StandardCharsets.UTF_8);
    }
    bytes[256 + more.length] = new byte[0];
    return new TokenVocabulary(bytes);
  }

  /** The tokenizer of the tiny models. */
  static Tokenizer tiny() {
    try (InputStream in =
        Objects.requireNonNull(
            Vocabularies.class.getResourceAsStream("/golden/e/tokenizer.json"))) {
      return Tokenizer.fromJson(in.readAllBytes(), "tokenizer.json");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static boolean matches(Grammar grammar, String text) {
    return grammar.contains(text.getBytes(StandardCharsets.UTF_8));
  }
}
