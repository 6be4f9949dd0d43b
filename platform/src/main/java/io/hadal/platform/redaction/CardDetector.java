package io.hadal.platform.redaction;

import java.util.function.Consumer;

/** Numbers of payment cards: 13 to 19 digits of a known issuer whose check digit (Luhn) fits. */
public final class CardDetector implements Detector {
  @Override
  public String kind() {
    return "CARD";
  }

  @Override
  public void find(String text, Consumer<Finding> found) {
    NumberRun.each(
        text,
        " -",
        run -> {
          int start = run.start();
          while (start < run.end()) {
            int end = card(text, start, run.end());
            if (end > 0) {
              found.accept(new Finding(kind(), start, end));
              start = end;
            }
            start = next(text, start, run.end());
          }
        });
  }

  /** The beginning of the next group of digits. */
  private static int next(String text, int at, int end) {
    int i = at;
    while (i < end && Around.digit(text.charAt(i))) {
      i++;
    }
    while (i < end && !Around.digit(text.charAt(i))) {
      i++;
    }
    return i;
  }

  /** Where a card number from here ends, the longest one; -1 for none. */
  private static int card(String text, int start, int limit) {
    StringBuilder digits = new StringBuilder();
    int best = -1;
    for (int i = start; i < limit && i - start < NumberRun.MAX_LENGTH; i++) {
      if (!Around.digit(text.charAt(i))) {
        continue;
      }
      digits.append(text.charAt(i));
      if (digits.length() > 19) {
        break;
      }
      // A number ends where a group ends.
      if (digits.length() >= 13 && !Around.isDigit(text, i + 1) && isCard(digits)) {
        best = i + 1;
      }
    }
    return best;
  }

  private static boolean isCard(CharSequence digits) {
    return issued(digits) && luhn(digits);
  }

  private static boolean issued(CharSequence digits) {
    int length = digits.length();
    int two = number(digits, 2);
    int three = number(digits, 3);
    int four = number(digits, 4);
    if (two == 34 || two == 37) {
      return length == 15;
    }
    if (two == 36 || two == 38 || two == 39 || (three >= 300 && three <= 305)) {
      return length == 14 || length == 16;
    }
    if (digits.charAt(0) == '4') {
      return length == 13 || length == 16 || length == 19;
    }
    if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) {
      return length == 16;
    }
    boolean others =
        four == 6011
            || two == 65
            || (three >= 644 && three <= 649)
            || two == 62
            || (four >= 3528 && four <= 3589);
    return others && length >= 16;
  }

  private static int number(CharSequence digits, int count) {
    return Integer.parseInt(digits, 0, count, 10);
  }

  static boolean luhn(CharSequence digits) {
    int sum = 0;
    boolean twice = false;
    for (int i = digits.length() - 1; i >= 0; i--) {
      int digit = digits.charAt(i) - '0';
      if (twice) {
        digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
      }
      sum += digit;
      twice = !twice;
    }
    return sum % 10 == 0;
  }
}
