package io.hadal.platform.redaction;

import java.util.List;
import java.util.Locale;

/** What stands around a place in a text. */
final class Around {
  private Around() {}

  /**
   * Whether a char could be part of the same word or number. Ideographs are not: where they are
   * written, words are not set apart.
   */
  static boolean isWord(String text, int at) {
    if (at < 0 || at >= text.length()) {
      return false;
    }
    char c = text.charAt(at);
    return c == '_' || (Character.isLetterOrDigit(c) && !Character.isIdeographic(c));
  }

  static boolean isDigit(String text, int at) {
    return at >= 0 && at < text.length() && digit(text.charAt(at));
  }

  static boolean digit(char c) {
    return c >= '0' && c <= '9';
  }

  static boolean asciiLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  /**
   * Whether one of some words stands in a stretch of text. Words of letters A to Z must not go on
   * with a letter.
   *
   * @param words in lower case
   */
  static boolean has(String text, int from, int to, List<String> words) {
    int start = Math.max(0, from);
    int end = Math.min(text.length(), to);
    if (start >= end) {
      return false;
    }
    String stretch = text.substring(start, end).toLowerCase(Locale.ROOT);
    for (String word : words) {
      for (int at = stretch.indexOf(word); at >= 0; at = stretch.indexOf(word, at + 1)) {
        int behind = at + word.length();
        boolean latin = asciiLetter(word.charAt(0));
        if (!latin
            || ((at == 0 || !Character.isLetter(stretch.charAt(at - 1)))
                && (behind == stretch.length() || !Character.isLetter(stretch.charAt(behind))))) {
          return true;
        }
      }
    }
    return false;
  }
}
