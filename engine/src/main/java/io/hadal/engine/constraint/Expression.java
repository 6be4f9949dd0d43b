package io.hadal.engine.constraint;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** A part of a grammar: a set of texts over the bytes of tokens. Immutable. */
public sealed interface Expression {
  /** The empty text. */
  Expression EMPTY = new Sequence(List.of());

  /** One of some byte strings. */
  record Words(List<byte[]> words) implements Expression {}

  /** A token as such, whatever its bytes; for tokens that stand for no text. */
  record Token(int id) implements Expression {}

  /** One character in UTF-8. */
  record Characters(CharacterSet set) implements Expression {}

  /** One after the other. */
  record Sequence(List<Expression> parts) implements Expression {}

  /** One of them; none of nothing. */
  record Choice(List<Expression> options) implements Expression {}

  /**
   * The same several times.
   *
   * @param most -1 for no limit; no text at all when it is below the least
   */
  record Repeat(Expression body, int least, int most) implements Expression {}

  /** What a rule of a {@link GrammarBuilder} stands for. */
  record Rule(int index) implements Expression {}

  /** A regular set of texts. */
  record Text(RegularLanguage language, Spelling spelling) implements Expression {}

  /** How the characters of a text are written. */
  enum Spelling {
    /** As they are. */
    RAW,
    /** As in a JSON string, without its quotation marks. */
    JSON
  }

  static Expression literal(byte[] bytes) {
    return new Words(List.of(bytes));
  }

  static Expression literal(String text) {
    return literal(text.getBytes(StandardCharsets.UTF_8));
  }

  static Expression sequence(Expression... parts) {
    return new Sequence(Arrays.asList(parts));
  }

  static Expression choice(Expression... options) {
    return new Choice(Arrays.asList(options));
  }

  static Expression optional(Expression body) {
    return new Repeat(body, 0, 1);
  }
}
