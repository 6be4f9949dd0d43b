package io.hadal.engine.constraint;

import java.util.ArrayList;
import java.util.List;

/**
 * Regular expressions in the common subset of ECMA 262, RE2 and Java: literals, {@code .}, classes,
 * escapes, groups, alternation, repetition, anchors at the borders. Look-around, back references,
 * word boundaries and flags are refused.
 */
public final class Regex {
  private static final int MOST_CHARACTERS = 20_000;
  private static final int MOST_DEPTH = 100;
  private static final int MOST_REPEATED = 4;
  private static final int MOST_COUNT = 20_000;

  private static final CharacterSet DIGIT = CharacterSet.range('0', '9');
  private static final CharacterSet WORD =
      DIGIT
          .or(CharacterSet.range('a', 'z'))
          .or(CharacterSet.range('A', 'Z'))
          .or(CharacterSet.of("_"));
  private static final CharacterSet SPACE =
      CharacterSet.of("\t\n\u000B\f\r \u00A0\u1680\u2028\u2029\u202F\u205F\u3000\uFEFF")
          .or(CharacterSet.range(0x2000, 0x200A));
  private static final CharacterSet LINE = CharacterSet.of("\n\r\u2028\u2029").complement();

  private final int[] text;
  private final boolean whole;
  private int at;
  private int depth;

  private Regex(String pattern, boolean whole) {
    if (pattern.length() > MOST_CHARACTERS) {
      throw new GrammarException("the pattern has more than " + MOST_CHARACTERS + " characters");
    }
    this.text = pattern.codePoints().toArray();
    this.whole = whole;
  }

  /**
   * Texts that match as a whole; anchors at the borders have no effect.
   *
   * @throws GrammarException when the pattern cannot be used
   */
  public static Expression whole(String pattern) {
    return new Regex(pattern, true).parse();
  }

  /** Texts in which a match occurs. */
  static Expression anywhere(String pattern) {
    return new Regex(pattern, false).parse();
  }

  private Expression parse() {
    List<Expression> options = new ArrayList<>();
    do {
      boolean first = take('^');
      Expression body = sequence();
      boolean last = take('$');
      if (at < text.length && text[at] != '|') {
        throw bad(text[at] == ')' ? "a bracket closes that is not open" : "an anchor is inside");
      }
      List<Expression> parts = new ArrayList<>();
      if (!whole && !first) {
        parts.add(anything());
      }
      parts.add(body);
      if (!whole && !last) {
        parts.add(anything());
      }
      options.add(new Expression.Sequence(parts));
    } while (take('|'));
    return new Expression.Choice(options);
  }

  private static Expression anything() {
    return new Expression.Repeat(new Expression.Characters(CharacterSet.ALL), 0, -1);
  }

  private boolean take(int c) {
    if (at < text.length && text[at] == c) {
      at++;
      return true;
    }
    return false;
  }

  private GrammarException bad(String problem) {
    return new GrammarException("the pattern cannot be used at character " + at + ": " + problem);
  }

  private Expression alternatives() {
    List<Expression> options = new ArrayList<>();
    do {
      options.add(sequence());
    } while (take('|'));
    return new Expression.Choice(options);
  }

  private Expression sequence() {
    List<Expression> parts = new ArrayList<>();
    while (at < text.length && text[at] != '|' && text[at] != ')' && text[at] != '$') {
      parts.add(repeated(atom()));
    }
    return new Expression.Sequence(parts);
  }

  private Expression repeated(Expression atom) {
    Expression body = atom;
    for (int layers = 0; at < text.length; layers++) {
      if (take('*')) {
        body = new Expression.Repeat(body, 0, -1);
      } else if (take('+')) {
        body = new Expression.Repeat(body, 1, -1);
      } else if (take('?')) {
        body = new Expression.Repeat(body, 0, 1);
      } else if (text[at] == '{' && count()) {
        body = counted(body);
      } else {
        return body;
      }
      // A lazy repetition matches the same texts.
      take('?');
      if (layers == MOST_REPEATED) {
        throw bad("one thing is repeated too often");
      }
    }
    return body;
  }

  /** Whether a repetition count begins here; other braces stand for themselves. */
  private boolean count() {
    int i = at + 1;
    int digits = i;
    while (i < text.length && text[i] >= '0' && text[i] <= '9') {
      i++;
    }
    if (i == digits) {
      return false;
    }
    if (i < text.length && text[i] == ',') {
      i++;
      while (i < text.length && text[i] >= '0' && text[i] <= '9') {
        i++;
      }
    }
    return i < text.length && text[i] == '}';
  }

  private Expression counted(Expression body) {
    at++;
    int least = number();
    int most = least;
    if (take(',')) {
      most = text[at] == '}' ? -1 : number();
    }
    take('}');
    if (most >= 0 && most < least) {
      throw bad("a repetition has its limits the wrong way round");
    }
    return new Expression.Repeat(body, least, most);
  }

  private int number() {
    int n = 0;
    while (text[at] >= '0' && text[at] <= '9') {
      n = 10 * n + text[at++] - '0';
      if (n > MOST_COUNT) {
        throw bad("a repetition count is above " + MOST_COUNT);
      }
    }
    return n;
  }

  private Expression atom() {
    int c = text[at++];
    return switch (c) {
      case '(' -> group();
      case '[' -> new Expression.Characters(characterClass());
      case '.' -> new Expression.Characters(LINE);
      case '\\' -> new Expression.Characters(escape(false));
      case '*', '+', '?' -> throw bad("nothing to repeat");
      case '^' -> throw bad("an anchor is inside");
      default -> new Expression.Characters(CharacterSet.range(c, c));
    };
  }

  private Expression group() {
    if (take('?')) {
      if (take('P')) {
        // Python's spelling of names.
        if (at >= text.length || text[at] != '<') {
          throw bad("this kind of group is not supported");
        }
      }
      if (take('<')) {
        if (at < text.length && (text[at] == '=' || text[at] == '!')) {
          throw bad("look-behind is not supported");
        }
        while (at < text.length && text[at] != '>') {
          at++;
        }
        take('>');
      } else if (!take(':')) {
        throw bad("look-ahead and flags are not supported");
      }
    }
    if (++depth > MOST_DEPTH) {
      throw bad("it is nested too deeply");
    }
    Expression body = alternatives();
    depth--;
    if (!take(')')) {
      throw bad(at < text.length ? "an anchor is inside" : "a bracket stays open");
    }
    return body;
  }

  private CharacterSet characterClass() {
    boolean not = take('^');
    CharacterSet set = CharacterSet.NONE;
    List<int[]> ranges = new ArrayList<>();
    while (true) {
      if (at >= text.length) {
        throw bad("a class stays open");
      }
      if (take(']')) {
        break;
      }
      CharacterSet item = classItem();
      boolean single = item.ranges() == 1 && item.first(0) == item.last(0);
      if (single && at + 1 < text.length && text[at] == '-' && text[at + 1] != ']') {
        at++;
        CharacterSet last = classItem();
        if (last.ranges() != 1 || last.first(0) != last.last(0) || last.first(0) < item.first(0)) {
          throw bad("a range of a class is wrong");
        }
        ranges.add(new int[] {item.first(0), last.first(0)});
      } else if (single) {
        ranges.add(new int[] {item.first(0), item.first(0)});
      } else {
        set = set.or(item);
      }
    }
    set = set.or(CharacterSet.ofRanges(ranges));
    return not ? set.complement() : set;
  }

  private CharacterSet classItem() {
    int c = text[at++];
    if (c == '[' && at < text.length && text[at] == ':') {
      throw bad("POSIX classes are not supported");
    }
    return c == '\\' ? escape(true) : CharacterSet.range(c, c);
  }

  private CharacterSet escape(boolean inClass) {
    if (at >= text.length) {
      throw bad("it ends with a backslash");
    }
    int c = text[at++];
    return switch (c) {
      case 'd' -> DIGIT;
      case 'D' -> DIGIT.complement();
      case 'w' -> WORD;
      case 'W' -> WORD.complement();
      case 's' -> SPACE;
      case 'S' -> SPACE.complement();
      case 'n' -> CharacterSet.of("\n");
      case 'r' -> CharacterSet.of("\r");
      case 't' -> CharacterSet.of("\t");
      case 'f' -> CharacterSet.of("\f");
      case 'v' -> CharacterSet.of("\u000B");
      case '0' -> CharacterSet.of("\0");
      case 'x' -> one(hex(2));
      case 'u' -> unicode();
      case 'b' -> {
        if (!inClass) {
          throw bad("word boundaries are not supported");
        }
        yield CharacterSet.of("\b");
      }
      default -> {
        if ((c >= '1' && c <= '9') || c == 'k') {
          throw bad("back references are not supported");
        }
        if (Character.isLetter(c)) {
          throw bad("the escape \\" + Character.toString(c) + " is not supported");
        }
        yield CharacterSet.range(c, c);
      }
    };
  }

  private CharacterSet unicode() {
    if (take('{')) {
      int value = 0;
      while (at < text.length && text[at] != '}') {
        value = 16 * value + digit(text[at++]);
        if (value > CharacterSet.LAST) {
          throw bad("this character does not exist");
        }
      }
      take('}');
      return one(value);
    }
    int high = hex(4);
    if (Character.isHighSurrogate((char) high)
        && at + 1 < text.length
        && text[at] == '\\'
        && text[at + 1] == 'u') {
      at += 2;
      int low = hex(4);
      if (!Character.isLowSurrogate((char) low)) {
        throw bad("half a surrogate pair stands alone");
      }
      return one(Character.toCodePoint((char) high, (char) low));
    }
    return one(high);
  }

  private CharacterSet one(int value) {
    CharacterSet set = CharacterSet.range(value, value);
    if (set.isEmpty()) {
      throw bad("half a surrogate pair stands alone");
    }
    return set;
  }

  private int hex(int digits) {
    if (at + digits > text.length) {
      throw bad("an escape is cut");
    }
    int value = 0;
    for (int i = 0; i < digits; i++) {
      value = 16 * value + digit(text[at++]);
    }
    return value;
  }

  private int digit(int c) {
    int value = Character.digit(c, 16);
    if (value < 0) {
      throw bad("an escape is no hexadecimal number");
    }
    return value;
  }
}
