package io.hadal.model.engram;

import io.hadal.formats.tokenizer.Tokenizer;
import java.text.Normalizer;

/**
 * The text under which tokens count as the same (engram spec 1): compatibility forms, accents, case
 * and white space fall together.
 */
final class CanonicalKey {
  private static final char REPLACEMENT = '\uFFFD';

  /** Protects the single space from trimming; a private-use character. */
  private static final char LONE_SPACE = '\uE000';

  /** Stands for every number; no token text that is kept as it is looks so. */
  private static final String NUMBER = "\uE000<num>";

  private CanonicalKey() {}

  static String of(Tokenizer tokenizer, int id, CanonicalRule rule) {
    String text = tokenizer.decode(new int[] {id});
    if (text.indexOf(REPLACEMENT) >= 0) {
      // Part of a character: its bytes have no text to normalise.
      return tokenizer.token(id);
    }
    String key =
        switch (rule) {
          case RELEASED -> normalize(text);
          case CASE_KEPT -> keepCase(text);
          case STRUCTURE_KEPT -> keepStructure(text);
        };
    return key.isEmpty() ? text : key;
  }

  static String keepCase(String text) {
    String composed = Normalizer.normalize(text, Normalizer.Form.NFC);
    return composed.startsWith(" ") && !trim(composed).isEmpty() ? composed.substring(1) : composed;
  }

  static String keepStructure(String text) {
    String composed = Normalizer.normalize(text, Normalizer.Form.NFC);
    String trimmed = trim(composed);
    int firstBreak = composed.indexOf('\n');
    if (trimmed.isEmpty()) {
      if (firstBreak < 0) {
        return composed;
      }
      return composed.lastIndexOf('\n') == firstBreak ? "\n" : "\n\n";
    }
    if (firstBreak >= 0) {
      return keepCase(text);
    }
    return trimmed.codePoints().allMatch(Character::isDigit) ? NUMBER : trimmed;
  }

  static String normalize(String text) {
    String decomposed =
        Normalizer.normalize(Normalizer.normalize(text, Normalizer.Form.NFKC), Normalizer.Form.NFD);
    StringBuilder out = new StringBuilder(decomposed.length());
    for (int i = 0; i < decomposed.length(); ) {
      int c = decomposed.codePointAt(i);
      i += Character.charCount(c);
      if (isMark(c)) {
        continue;
      }
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        if (out.isEmpty() || out.charAt(out.length() - 1) != ' ') {
          out.append(' ');
        }
      } else {
        // One by one: sigma has no final form here. Only U+0130 would become two characters, and
        // decomposition has removed it.
        out.appendCodePoint(Character.toLowerCase(c));
      }
    }
    String squeezed = out.length() == 1 && out.charAt(0) == ' ' ? "\uE000" : out.toString();
    return trim(squeezed).replace(LONE_SPACE, ' ');
  }

  private static boolean isMark(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK ->
          true;
      default -> false;
    };
  }

  private static String trim(String text) {
    int from = 0;
    int to = text.length();
    while (from < to && isWhiteSpace(text.charAt(from))) {
      from++;
    }
    while (to > from && isWhiteSpace(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(from, to);
  }

  /** Unicode's White_Space, which differs from both of Java's notions. */
  static boolean isWhiteSpace(char c) {
    return (c >= '\t' && c <= '\r')
        || c == ' '
        || c == 0x85
        || c == 0xA0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }
}
