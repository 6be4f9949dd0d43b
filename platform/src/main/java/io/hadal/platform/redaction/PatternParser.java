package io.hadal.platform.redaction;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.List;

/** Reads patterns. What an automaton cannot follow in one pass is refused by name. */
final class PatternParser {
  private static final int MAX_LENGTH = 1000;
  private static final int MAX_REPEAT = 200;
  private static final int MAX_DEPTH = 50;

  private final String pattern;
  private final String source;
  private int at;
  private boolean anyCase;

  PatternParser(String pattern, String source) {
    this.pattern = pattern;
    this.source = source;
  }

  /** A part of a pattern. */
  private sealed interface Part {
    record Chars(CharSet chars) implements Part {}

    record Where(PatternProgram.Place place) implements Part {}

    record Sequence(List<Part> parts) implements Part {}

    record Choice(List<Part> parts) implements Part {}

    /** {@code most} is -1 for no end. */
    record Repeat(Part part, int least, int most) implements Part {}
  }

  /**
   * The program of the pattern.
   *
   * @throws FormatException when it is none
   */
  PatternProgram parse() {
    if (pattern.isEmpty() || pattern.length() > MAX_LENGTH) {
      throw new FormatException(source, "must have 1 to " + MAX_LENGTH + " characters");
    }
    if (pattern.startsWith("(?i)")) {
      anyCase = true;
      at = 4;
    }
    Part part = choice(0);
    if (at < pattern.length()) {
      throw refuse("has a ')' too many");
    }
    PatternProgram program = new PatternProgram(source);
    write(part, program);
    program.match();
    return program;
  }

  private FormatException refuse(String why) {
    return new FormatException(source, "at character " + (at + 1) + ": " + why);
  }

  private Part choice(int depth) {
    if (depth > MAX_DEPTH) {
      throw refuse("groups are nested too deeply");
    }
    List<Part> parts = new ArrayList<>();
    parts.add(sequence(depth));
    while (at < pattern.length() && pattern.charAt(at) == '|') {
      at++;
      parts.add(sequence(depth));
    }
    return parts.size() == 1 ? parts.getFirst() : new Part.Choice(parts);
  }

  private Part sequence(int depth) {
    List<Part> parts = new ArrayList<>();
    while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
      parts.add(repeated(atom(depth)));
    }
    return new Part.Sequence(parts);
  }

  private Part repeated(Part first) {
    Part part = first;
    while (at < pattern.length()) {
      switch (pattern.charAt(at)) {
        case '*' -> part = repeat(part, 0, -1);
        case '+' -> part = repeat(part, 1, -1);
        case '?' -> part = repeat(part, 0, 1);
        case '{' -> part = counted(part);
        default -> {
          return part;
        }
      }
      // Lazy and greedy find the same places.
      if (at < pattern.length() && pattern.charAt(at) == '?') {
        at++;
      } else if (at < pattern.length() && pattern.charAt(at) == '+') {
        throw refuse("possessive repetitions are not supported");
      }
    }
    return part;
  }

  private Part repeat(Part part, int least, int most) {
    at++;
    return new Part.Repeat(part, least, most);
  }

  private Part counted(Part part) {
    int close = pattern.indexOf('}', at);
    if (close < 0) {
      throw refuse("'{' has no '}'");
    }
    String[] counts = pattern.substring(at + 1, close).split(",", -1);
    int least = count(counts[0]);
    int most = counts.length == 1 ? least : counts[1].isEmpty() ? -1 : count(counts[1]);
    if (counts.length > 2 || (most >= 0 && most < least)) {
      throw refuse("is no repetition");
    }
    at = close;
    return repeat(part, least, most);
  }

  private int count(String text) {
    try {
      int count = Integer.parseInt(text);
      if (count >= 0 && count <= MAX_REPEAT) {
        return count;
      }
    } catch (NumberFormatException e) {
      // The message below says what is wrong.
    }
    throw refuse("repetitions are whole numbers up to " + MAX_REPEAT);
  }

  private Part atom(int depth) {
    char c = pattern.charAt(at++);
    return switch (c) {
      case '(' -> group(depth);
      case '[' -> new Part.Chars(cased(set()));
      case '.' -> new Part.Chars(CharSet.ANY);
      case '^' -> new Part.Where(PatternProgram.Place.BEGIN);
      case '$' -> new Part.Where(PatternProgram.Place.END);
      case '\\' -> escape();
      case '*', '+', '?', '{' -> throw refuse("nothing comes before the repetition");
      default -> new Part.Chars(cased(CharSet.range(c, c)));
    };
  }

  private CharSet cased(CharSet chars) {
    return anyCase ? chars.anyCase() : chars;
  }

  private Part group(int depth) {
    if (pattern.startsWith("?:", at)) {
      at += 2;
    } else if (pattern.startsWith("?", at)) {
      throw refuse("looking around, names and flags of groups are not supported");
    }
    Part part = choice(depth + 1);
    if (at >= pattern.length()) {
      throw refuse("'(' has no ')'");
    }
    at++;
    return part;
  }

  private Part escape() {
    if (at == pattern.length()) {
      throw refuse("nothing comes behind '\\'");
    }
    char c = pattern.charAt(at);
    if (c == 'b' || c == 'B') {
      at++;
      return new Part.Where(c == 'b' ? PatternProgram.Place.BOUNDARY : PatternProgram.Place.INSIDE);
    }
    return new Part.Chars(cased(escapedSet()));
  }

  /** What an escape stands for; the backslash has been read. */
  private CharSet escapedSet() {
    char c = pattern.charAt(at++);
    return switch (c) {
      case 'd' -> CharSet.DIGITS;
      case 'D' -> CharSet.DIGITS.not();
      case 'w' -> CharSet.WORD;
      case 'W' -> CharSet.WORD.not();
      case 's' -> CharSet.SPACE;
      case 'S' -> CharSet.SPACE.not();
      case 'n' -> CharSet.range('\n', '\n');
      case 't' -> CharSet.range('\t', '\t');
      case 'r' -> CharSet.range('\r', '\r');
      default -> {
        if (Around.digit(c) || Around.asciiLetter(c)) {
          throw refuse("'\\" + c + "' is not supported");
        }
        yield CharSet.range(c, c);
      }
    };
  }

  /** A class; its opening bracket has been read. */
  private CharSet set() {
    boolean not = at < pattern.length() && pattern.charAt(at) == '^';
    if (not) {
      at++;
    }
    CharSet set = CharSet.NONE;
    boolean first = true;
    while (at < pattern.length() && (pattern.charAt(at) != ']' || first)) {
      first = false;
      char low = pattern.charAt(at++);
      if (low == '[' || pattern.startsWith("&&", at - 1)) {
        throw refuse("classes in classes are not supported; write \\[ for the bracket");
      }
      if (low == '\\') {
        if (at == pattern.length()) {
          break;
        }
        set = set.or(escapedSet());
      } else if (at + 1 < pattern.length()
          && pattern.charAt(at) == '-'
          && pattern.charAt(at + 1) != ']') {
        char high = pattern.charAt(at + 1);
        if (high < low || high == '\\') {
          throw refuse("is no range of characters");
        }
        at += 2;
        set = set.or(CharSet.range(low, high));
      } else {
        set = set.or(CharSet.range(low, low));
      }
    }
    if (at >= pattern.length()) {
      throw refuse("'[' has no ']'");
    }
    at++;
    return not ? set.not() : set;
  }

  private static void write(Part part, PatternProgram program) {
    switch (part) {
      case Part.Chars chars -> program.chars(chars.chars());
      case Part.Where where -> program.place(where.place());
      case Part.Sequence sequence -> sequence.parts().forEach(p -> write(p, program));
      case Part.Choice choice -> choice(choice.parts(), program);
      case Part.Repeat repeat -> repeat(repeat, program);
    }
  }

  private static void choice(List<Part> parts, PatternProgram program) {
    List<Integer> ends = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      boolean last = i == parts.size() - 1;
      int split = last ? -1 : program.open(PatternProgram.Op.SPLIT);
      write(parts.get(i), program);
      if (!last) {
        ends.add(program.open(PatternProgram.Op.JUMP));
        program.toHere(split);
      }
    }
    ends.forEach(program::toHere);
  }

  private static void repeat(Part.Repeat repeat, PatternProgram program) {
    for (int i = 0; i < repeat.least(); i++) {
      int before = program.size();
      write(repeat.part(), program);
      if (program.size() == before) {
        // Nothing repeated is nothing; nested it would take for ever.
        return;
      }
    }
    if (repeat.most() < 0) {
      int split = program.open(PatternProgram.Op.SPLIT);
      write(repeat.part(), program);
      program.back(PatternProgram.Op.JUMP, split);
      program.toHere(split);
      return;
    }
    List<Integer> splits = new ArrayList<>();
    for (int i = repeat.least(); i < repeat.most(); i++) {
      splits.add(program.open(PatternProgram.Op.SPLIT));
      write(repeat.part(), program);
    }
    splits.forEach(program::toHere);
  }
}
