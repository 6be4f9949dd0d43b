package io.hadal.engine.constraint;

import org.jspecify.annotations.Nullable;

/**
 * JSON as a grammar. Between the parts of a document stands at most one space or newline, so that a
 * model cannot fill its answer with space.
 */
public final class JsonGrammar {
  static final Expression SPACE =
      Expression.optional(new Expression.Characters(CharacterSet.of(" \n")));
  static final Expression QUOTE = Expression.literal("\"");

  private static final Expression DIGIT = new Expression.Characters(CharacterSet.range('0', '9'));
  private static final Expression NON_ZERO =
      new Expression.Characters(CharacterSet.range('1', '9'));
  private static final Expression MINUS = Expression.optional(Expression.literal("-"));

  // Longer ones lose digits in most readers.
  private static final int MOST_DIGITS = 17;

  private final GrammarBuilder builder;
  private final @Nullable String forbidden;
  private Expression.@Nullable Rule character;
  private Expression.@Nullable Rule string;
  private Expression.@Nullable Rule integer;
  private Expression.@Nullable Rule number;
  private Expression.@Nullable Rule value;
  private Expression.@Nullable Rule object;

  /**
   * JSON whose rules go into a builder.
   *
   * @param forbidden text that free strings do not hold as it is, because it has a meaning where
   *     the document stands; null for none
   */
  public JsonGrammar(GrammarBuilder builder, @Nullable String forbidden) {
    this.builder = builder;
    this.forbidden = forbidden;
  }

  /** Where the rules go. */
  public GrammarBuilder builder() {
    return builder;
  }

  @Nullable String forbidden() {
    return forbidden;
  }

  /** One character of a string, without what may begin the forbidden text. */
  Expression character() {
    if (character == null) {
      CharacterSet without =
          forbidden == null
              ? CharacterSet.NONE
              : CharacterSet.of(forbidden.substring(0, forbidden.offsetByCodePoints(0, 1)));
      character = builder.rule("character", JsonText.anyCharacter(without));
    }
    return character;
  }

  /** One character as it is. */
  Expression rawCharacter() {
    return new Expression.Characters(
        forbidden == null
            ? CharacterSet.ALL
            : CharacterSet.of(forbidden.substring(0, forbidden.offsetByCodePoints(0, 1)))
                .complement());
  }

  /** Any text as it is. */
  public Expression rawText() {
    if (forbidden == null) {
      return new Expression.Repeat(new Expression.Characters(CharacterSet.ALL), 0, -1);
    }
    return new Expression.Text(RegularLanguage.without(forbidden), Expression.Spelling.RAW);
  }

  /** Any string. */
  Expression string() {
    if (string == null) {
      Expression inside =
          forbidden == null
              ? new Expression.Repeat(JsonText.anyCharacter(CharacterSet.NONE), 0, -1)
              : new Expression.Text(RegularLanguage.without(forbidden), Expression.Spelling.JSON);
      string = builder.rule("string", Expression.sequence(QUOTE, inside, QUOTE));
    }
    return string;
  }

  Expression integer() {
    if (integer == null) {
      integer = builder.rule("integer", Expression.sequence(MINUS, natural()));
    }
    return integer;
  }

  private static Expression natural() {
    return Expression.choice(
        Expression.literal("0"),
        Expression.sequence(NON_ZERO, new Expression.Repeat(DIGIT, 0, MOST_DIGITS)));
  }

  Expression number() {
    if (number == null) {
      Expression fraction =
          Expression.optional(
              Expression.sequence(
                  Expression.literal("."), new Expression.Repeat(DIGIT, 1, MOST_DIGITS)));
      Expression exponent =
          Expression.optional(
              Expression.sequence(
                  new Expression.Characters(CharacterSet.of("eE")),
                  Expression.optional(new Expression.Characters(CharacterSet.of("+-"))),
                  new Expression.Repeat(DIGIT, 1, 2)));
      number = builder.rule("number", Expression.sequence(MINUS, natural(), fraction, exponent));
    }
    return number;
  }

  static Expression bool() {
    return Expression.choice(Expression.literal("true"), Expression.literal("false"));
  }

  /** Any value. */
  public Expression value() {
    if (value == null) {
      Expression.Rule rule = builder.rule("value");
      value = rule;
      builder.define(
          rule,
          Expression.choice(
              string(),
              number(),
              bool(),
              Expression.literal("null"),
              object(),
              array(rule, 0, -1)));
    }
    return value;
  }

  /** Any object. */
  public Expression object() {
    if (object == null) {
      Expression.Rule rule = builder.rule("object");
      object = rule;
      builder.define(rule, braced(list(member(string(), value()), 0, -1)));
    }
    return object;
  }

  static Expression member(Expression key, Expression value) {
    return Expression.sequence(key, Expression.literal(":"), SPACE, value);
  }

  static Expression comma() {
    return Expression.sequence(Expression.literal(","), SPACE);
  }

  /**
   * Items with commas between them; empty when there may be none.
   *
   * @param most -1 for no limit
   */
  static Expression list(Expression item, int least, int most) {
    if (most == 0) {
      return Expression.EMPTY;
    }
    Expression some =
        Expression.sequence(
            item,
            new Expression.Repeat(
                Expression.sequence(comma(), item),
                Math.max(0, least - 1),
                most < 0 ? -1 : most - 1));
    return least > 0 ? some : Expression.optional(some);
  }

  static Expression array(Expression item, int least, int most) {
    return bracketed(list(item, least, most));
  }

  static Expression bracketed(Expression items) {
    return enclosed("[", items, "]");
  }

  static Expression braced(Expression members) {
    return enclosed("{", members, "}");
  }

  private static Expression enclosed(String open, Expression inside, String close) {
    return Expression.sequence(
        Expression.literal(open), SPACE, inside, SPACE, Expression.literal(close));
  }
}
