package io.hadal.platform.redaction;

import java.util.function.Consumer;

/**
 * A run of digits in groups with single separators between them, as people write long numbers. It
 * does not touch letters or further digits.
 *
 * @param start index of the first digit
 * @param end index behind the last digit
 */
record NumberRun(int start, int end) {
  /** Longer runs are data, no number that a person writes. */
  static final int MAX_LENGTH = 48;

  /**
   * Finds all runs whose separators are of some kind.
   *
   * @param separators chars that may stand between two groups, one at a time
   */
  static void each(String text, String separators, Consumer<NumberRun> found) {
    int at = 0;
    while (at < text.length()) {
      if (!Around.digit(text.charAt(at))) {
        at++;
        continue;
      }
      int end = at;
      while (end < text.length()
          && (Around.digit(text.charAt(end))
              || (separators.indexOf(text.charAt(end)) >= 0 && Around.isDigit(text, end + 1)))) {
        end++;
      }
      if (!Around.isWord(text, at - 1) && !Around.isWord(text, end)) {
        found.accept(new NumberRun(at, end));
      }
      at = end;
    }
  }

  /** The digits of a stretch, without what is between them. */
  static String digits(String text, int start, int end) {
    StringBuilder digits = new StringBuilder(end - start);
    for (int i = start; i < end; i++) {
      if (Around.digit(text.charAt(i))) {
        digits.append(text.charAt(i));
      }
    }
    return digits.toString();
  }
}
