package io.hadal.platform.redaction;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Telephone numbers: international with + or 00, American with area code, with a leading 0 and
 * groups, Chinese mobile, and any number of 7 to 15 digits behind a word such as "phone".
 */
public final class PhoneDetector implements Detector {
  private static final List<String> WORDS =
      List.of(
          "phone",
          "phones",
          "telephone",
          "tel",
          "mobile",
          "cell",
          "fax",
          "call",
          "callback",
          "whatsapp",
          "telefon",
          "handy",
          "rufnummer",
          "téléphone",
          "portable",
          "teléfono",
          "móvil",
          "电话",
          "手机",
          "联系方式",
          "致电",
          "電話");

  /** Numbers that are written alike and are no telephone numbers. */
  private static final List<String> OTHERS =
      List.of("order", "invoice", "isbn", "version", "serial", "ticket", "port", "id", "sku");

  private static final int BEFORE = 24;
  private static final int MAX_SKIPPED = 3;
  private static final String SEPARATORS = " -./()+\u00A0";

  @Override
  public String kind() {
    return "PHONE";
  }

  @Override
  public void find(String text, Consumer<Finding> found) {
    int at = 0;
    while (at < text.length()) {
      if (!opens(text, at) || Around.isWord(text, at - 1)) {
        at++;
        continue;
      }
      int end = end(text, at);
      Finding phone = Around.isWord(text, end) ? null : first(text, at, end);
      if (phone != null) {
        found.accept(phone);
      }
      at = phone == null ? end : phone.end();
    }
  }

  /** Whether a number can begin here. */
  private static boolean opens(String text, int at) {
    char c = text.charAt(at);
    if (c == '(') {
      return Around.isDigit(text, at + 1)
          || (text.startsWith("(+", at) && Around.isDigit(text, at + 2));
    }
    return c == '+'
        ? Around.isDigit(text, at + 1)
            || (text.startsWith("+(", at) && Around.isDigit(text, at + 2))
        : Around.digit(c);
  }

  /** Where digits with separators end; at least one char further. */
  private static int end(String text, int start) {
    int end = start;
    int gap = 0;
    for (int i = start; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Around.digit(c)) {
        end = i + 1;
        gap = 0;
      } else if (SEPARATORS.indexOf(c) >= 0 && gap < 3 && (c != '+' || i <= start + 1)) {
        gap++;
      } else {
        break;
      }
    }
    return Math.max(end, start + 1);
  }

  /**
   * The longest number at one of the first groups of digits: a list's numbering may come before it,
   * and other numbers behind it.
   */
  private @Nullable Finding first(String text, int start, int end) {
    int from = start;
    for (int group = 0; group < MAX_SKIPPED && from < end; group++) {
      int limit = Math.min(end, from + NumberRun.MAX_LENGTH);
      for (boolean named : new boolean[] {false, true}) {
        for (int to = limit; to > from; to--) {
          if (Around.isDigit(text, to - 1)
              && !Around.isDigit(text, to)
              && (named ? isNamed(text, from, to) : isPhone(text, from, to))) {
            return new Finding(kind(), from, to);
          }
        }
      }
      while (from < end && Around.digit(text.charAt(from))) {
        from++;
      }
      do {
        from++;
      } while (from < end && !opens(text, from));
    }
    return null;
  }

  /** Digits behind a word that says what they are. */
  private static boolean isNamed(String text, int start, int end) {
    int count = NumberRun.digits(text, start, end).length();
    return count >= 7 && count <= 15 && Around.has(text, start - BEFORE, start, WORDS);
  }

  private static boolean isPhone(String text, int start, int end) {
    String shape = text.substring(start, end);
    String digits = NumberRun.digits(text, start, end);
    int count = digits.length();
    if (count < 8 || count > 16 || dots(shape) > 4) {
      return false;
    }
    if (shape.startsWith("+") || shape.startsWith("(+")) {
      return count <= 15 && digits.charAt(0) != '0';
    }
    if (Around.has(text, start - 12, start, OTHERS) || decimal(shape)) {
      return false;
    }
    if (digits.startsWith("00") && count >= 11 && digits.charAt(2) != '0' && grouped(shape)) {
      return true;
    }
    if (american(shape, digits)) {
      return true;
    }
    if (count == 11 && digits.charAt(0) == '1' && digits.charAt(1) >= '3') {
      return chinese(shape);
    }
    return digits.charAt(0) == '0'
        && digits.charAt(1) != '0'
        && count >= 9
        && count <= 12
        && trunk(shape);
  }

  private static int dots(String shape) {
    return (int) shape.chars().filter(c -> c == '.').count();
  }

  /** One point only, as in 0.30123456. */
  private static boolean decimal(String shape) {
    return dots(shape) == 1 && shape.chars().allMatch(c -> c == '.' || Around.digit((char) c));
  }

  private static boolean grouped(String shape) {
    return shape.chars().anyMatch(c -> !Around.digit((char) c));
  }

  /** (AAA) EEE-NNNN with one kind of separator, and a 1 before it or not. */
  private static boolean american(String shape, String digits) {
    int skip = digits.length() == 11 && digits.charAt(0) == '1' ? 1 : 0;
    if (digits.length() - skip != 10
        || digits.charAt(skip) < '2'
        || digits.charAt(skip + 3) < '2') {
      return false;
    }
    String form = form(shape);
    String rest = skip == 1 && form.length() > 2 ? form.substring(2) : form;
    return rest.equals("(3) 3-4")
        || rest.equals("(3)3-4")
        || rest.equals("(3) 3 4")
        || rest.equals("(3) 3.4")
        || rest.equals("3-3-4")
        || rest.equals("3.3.4")
        || rest.equals("3 3 4")
        || rest.equals("3 3-4");
  }

  /** Eleven digits in a row, or 3, 4 and 4. */
  private static boolean chinese(String shape) {
    String form = form(shape);
    return form.equals("11") || form.equals("3 4 4") || form.equals("3-4-4");
  }

  /** A trunk number: the first group is an area code of 2 to 5 digits with its 0. */
  private static boolean trunk(String shape) {
    String form = form(shape);
    String open = form.startsWith("(") ? form.substring(1) : form;
    if (open.length() < 3 || !Around.digit(open.charAt(0)) || Around.digit(open.charAt(1))) {
      return false;
    }
    int area = open.charAt(0) - '0';
    long groups = form.chars().filter(c -> Around.digit((char) c)).count();
    // Dates such as 01.02.2024 and 05/06/2024 have groups of two.
    return area >= 2
        && area <= 5
        && groups <= 6
        && !open.startsWith("2.2.")
        && !open.startsWith("2/2/")
        && !open.startsWith("2-2-4");
  }

  /** Groups of digits as their lengths: (3) 3-4. */
  private static String form(String shape) {
    StringBuilder form = new StringBuilder();
    int run = 0;
    for (int i = 0; i <= shape.length(); i++) {
      if (i < shape.length() && Around.digit(shape.charAt(i))) {
        run++;
      } else {
        if (run > 0) {
          form.append(run);
          run = 0;
        }
        if (i < shape.length()) {
          form.append(shape.charAt(i));
        }
      }
    }
    return form.toString();
  }
}
