package io.hadal.engine.constraint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Grammars in the notation of llama.cpp: {@code root ::= "a" [b-c]* (rule | "x"){2,3}}. */
public final class Gbnf {
  private static final int MOST_CHARACTERS = 1 << 20;
  private static final int MOST_DEPTH = 100;
  private static final int MOST_COUNT = 20_000;

  private final int[] text;
  private final GrammarBuilder builder;
  private final Map<String, Expression.Rule> rules = new LinkedHashMap<>();
  private final Map<String, Boolean> defined = new LinkedHashMap<>();
  private int at;
  private int depth;

  private Gbnf(String grammar, GrammarBuilder builder) {
    if (grammar.length() > MOST_CHARACTERS) {
      throw new GrammarException("the grammar has more than " + MOST_CHARACTERS + " characters");
    }
    this.text = grammar.codePoints().toArray();
    this.builder = builder;
  }

  /**
   * Adds the rules of a grammar and returns its root.
   *
   * @throws GrammarException when it cannot be read; the message names the line
   */
  public static Expression read(String grammar, GrammarBuilder builder) {
    return new Gbnf(grammar, builder).read();
  }

  private Expression read() {
    space(true);
    while (at < text.length) {
      String name = name();
      space(false);
      if (!take("::=")) {
        throw bad("::= is missing behind the name of a rule");
      }
      space(true);
      if (defined.putIfAbsent(name, true) != null) {
        throw bad("the rule " + name + " is there already");
      }
      builder.define(rule(name), alternatives(false));
      if (at < text.length && text[at] != '\n' && text[at] != '\r') {
        throw bad("the rule does not end here: " + Character.toString(text[at]));
      }
      space(true);
    }
    for (String name : rules.keySet()) {
      if (!defined.containsKey(name)) {
        throw new GrammarException("the grammar has no rule " + name);
      }
    }
    Expression root = rules.get("root");
    if (root == null) {
      throw new GrammarException("the grammar has no rule root");
    }
    return root;
  }

  private Expression.Rule rule(String name) {
    return rules.computeIfAbsent(name, builder::rule);
  }

  private GrammarException bad(String problem) {
    int line = 1;
    for (int i = 0; i < at && i < text.length; i++) {
      line += text[i] == '\n' ? 1 : 0;
    }
    return new GrammarException("the grammar cannot be used at line " + line + ": " + problem);
  }

  /** Passes over space and comments, and over ends of lines where they have no meaning. */
  private void space(boolean lines) {
    while (at < text.length) {
      int c = text[at];
      if (c == '#') {
        while (at < text.length && text[at] != '\n' && text[at] != '\r') {
          at++;
        }
      } else if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r'))) {
        at++;
      } else {
        return;
      }
    }
  }

  private boolean take(String token) {
    for (int i = 0; i < token.length(); i++) {
      if (at + i >= text.length || text[at + i] != token.charAt(i)) {
        return false;
      }
    }
    at += token.length();
    return true;
  }

  private static boolean isName(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '_';
  }

  private String name() {
    int from = at;
    while (at < text.length && isName(text[at])) {
      at++;
    }
    if (at == from) {
      throw bad("a name is missing");
    }
    return new String(text, from, at - from);
  }

  private Expression alternatives(boolean nested) {
    List<Expression> options = new ArrayList<>();
    do {
      space(true);
      options.add(sequence(nested));
    } while (another());
    return options.size() == 1 ? options.getFirst() : new Expression.Choice(options);
  }

  /** Takes the sign of another alternative, which may stand on the next line. */
  private boolean another() {
    int here = at;
    space(true);
    if (take("|")) {
      return true;
    }
    at = here;
    return false;
  }

  private Expression sequence(boolean nested) {
    List<Expression> parts = new ArrayList<>();
    while (true) {
      space(nested);
      if (at >= text.length) {
        break;
      }
      int c = text[at];
      Expression part;
      if (c == '"') {
        part = literal();
      } else if (c == '[') {
        part = characterClass();
      } else if (c == '.') {
        at++;
        part = new Expression.Characters(CharacterSet.ALL);
      } else if (c == '(') {
        part = group();
      } else if (isName(c)) {
        part = rule(name());
      } else {
        break;
      }
      parts.add(repeated(part, nested));
    }
    return parts.size() == 1 ? parts.getFirst() : new Expression.Sequence(parts);
  }

  private Expression repeated(Expression part, boolean nested) {
    Expression body = part;
    for (int layers = 0; layers < 4; layers++) {
      space(nested);
      if (take("*")) {
        body = new Expression.Repeat(body, 0, -1);
      } else if (take("+")) {
        body = new Expression.Repeat(body, 1, -1);
      } else if (take("?")) {
        body = new Expression.Repeat(body, 0, 1);
      } else if (take("{")) {
        int least = number();
        int most = least;
        space(nested);
        if (take(",")) {
          space(nested);
          most = at < text.length && text[at] == '}' ? -1 : number();
          space(nested);
        }
        if (!take("}")) {
          throw bad("a repetition stays open");
        }
        if (most >= 0 && most < least) {
          throw bad("a repetition has its limits the wrong way round");
        }
        body = new Expression.Repeat(body, least, most);
      } else {
        return body;
      }
    }
    return body;
  }

  private int number() {
    int from = at;
    int n = 0;
    while (at < text.length && text[at] >= '0' && text[at] <= '9') {
      n = 10 * n + text[at++] - '0';
      if (n > MOST_COUNT) {
        throw bad("a repetition count is above " + MOST_COUNT);
      }
    }
    if (at == from) {
      throw bad("a repetition count is missing");
    }
    return n;
  }

  private Expression group() {
    at++;
    if (++depth > MOST_DEPTH) {
      throw bad("it is nested too deeply");
    }
    Expression body = alternatives(true);
    depth--;
    space(true);
    if (!take(")")) {
      throw bad("a bracket stays open");
    }
    return body;
  }

  private Expression literal() {
    at++;
    StringBuilder value = new StringBuilder();
    while (true) {
      if (at >= text.length) {
        throw bad("a text stays open");
      }
      if (take("\"")) {
        return Expression.literal(value.toString().getBytes(StandardCharsets.UTF_8));
      }
      value.appendCodePoint(character());
    }
  }

  private Expression characterClass() {
    at++;
    boolean not = take("^");
    List<int[]> ranges = new ArrayList<>();
    while (true) {
      if (at >= text.length) {
        throw bad("a class stays open");
      }
      if (take("]")) {
        break;
      }
      int first = character();
      int last = first;
      if (at + 1 < text.length && text[at] == '-' && text[at + 1] != ']') {
        at++;
        last = character();
        if (last < first) {
          throw bad("a range of a class is wrong");
        }
      }
      ranges.add(new int[] {first, last});
    }
    CharacterSet set = CharacterSet.ofRanges(ranges);
    return new Expression.Characters(not ? set.complement() : set);
  }

  private int character() {
    int c = text[at++];
    if (c != '\\') {
      return c;
    }
    if (at >= text.length) {
      throw bad("an escape is cut");
    }
    int e = text[at++];
    return switch (e) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      case 'U' -> hex(8);
      case '"', '\\', '[', ']', '-', '^' -> e;
      default -> throw bad("the escape \\" + Character.toString(e) + " is unknown");
    };
  }

  private int hex(int digits) {
    long value = 0;
    for (int i = 0; i < digits; i++) {
      int d = at < text.length ? Character.digit(text[at++], 16) : -1;
      if (d < 0) {
        throw bad("an escape is no hexadecimal number");
      }
      value = 16 * value + d;
    }
    if (value > CharacterSet.LAST) {
      throw bad("this character does not exist");
    }
    return (int) value;
  }
}
