package io.hadal.engine.constraint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** How characters are written inside JSON strings. */
final class JsonText {
  private static final CharacterSet PLAIN =
      CharacterSet.range(0x20, CharacterSet.LAST).minus(CharacterSet.of("\"\\"));
  private static final String SHORT = "\"\\\b\f\n\r\t";
  private static final String LETTERS = "\"\\bfnrt";

  private JsonText() {}

  /** One way to write each character of a set. */
  static List<Expression> spell(CharacterSet set) {
    List<Expression> ways = new ArrayList<>();
    CharacterSet plain = set.and(PLAIN);
    if (!plain.isEmpty()) {
      ways.add(new Expression.Characters(plain));
    }
    CharacterSet rest = set.minus(PLAIN);
    List<byte[]> escapes = new ArrayList<>();
    for (int i = 0; i < rest.ranges(); i++) {
      for (int c = rest.first(i); c <= rest.last(i); c++) {
        escapes.add(escape(c).getBytes(StandardCharsets.US_ASCII));
      }
    }
    if (!escapes.isEmpty()) {
      ways.add(new Expression.Words(escapes));
    }
    return ways;
  }

  private static String escape(int c) {
    int at = SHORT.indexOf(c);
    return at >= 0 ? "\\" + LETTERS.charAt(at) : String.format("\\u%04x", c);
  }

  /**
   * One character of a string in any way JSON has for it.
   *
   * @param without characters that must not appear as they are
   */
  static Expression anyCharacter(CharacterSet without) {
    Expression hex =
        new Expression.Characters(
            CharacterSet.ofRanges(
                List.of(new int[] {'0', '9'}, new int[] {'a', 'f'}, new int[] {'A', 'F'})));
    Expression notD = new Expression.Characters(CharacterSet.of("0123456789abcefABCEF"));
    Expression d = new Expression.Characters(CharacterSet.of("dD"));
    Expression low = new Expression.Characters(CharacterSet.range('0', '7'));
    Expression u = Expression.literal("\\u");
    return Expression.choice(
        new Expression.Characters(PLAIN.minus(without)),
        Expression.sequence(
            Expression.literal("\\"), new Expression.Characters(CharacterSet.of("\"\\/bfnrt"))),
        Expression.sequence(u, notD, hex, hex, hex),
        Expression.sequence(u, d, low, hex, hex),
        Expression.sequence(
            u,
            d,
            new Expression.Characters(CharacterSet.of("89abAB")),
            hex,
            hex,
            u,
            d,
            new Expression.Characters(CharacterSet.of("cdefCDEF")),
            hex,
            hex));
  }
}
