package io.hadal.platform.redaction;

import java.util.List;
import java.util.function.Consumer;

/**
 * Social security numbers of the USA: 3, 2 and 4 digits in ranges that are given out; without
 * separators only behind words that say so.
 */
public final class SsnDetector implements Detector {
  private static final List<String> WORDS =
      List.of("ssn", "social security", "social-security", "soc sec", "social sec");
  private static final int BEFORE = 40;

  @Override
  public String kind() {
    return "SSN";
  }

  @Override
  public void find(String text, Consumer<Finding> found) {
    NumberRun.each(
        text,
        " -",
        run -> {
          if (isSsn(text, run.start(), run.end())) {
            found.accept(new Finding(kind(), run.start(), run.end()));
          }
        });
  }

  private static boolean isSsn(String text, int start, int end) {
    int length = end - start;
    if (length == 11) {
      char separator = text.charAt(start + 3);
      if (Around.digit(separator) || text.charAt(start + 6) != separator) {
        return false;
      }
    } else if (length != 9) {
      return false;
    }
    String digits = NumberRun.digits(text, start, end);
    if (digits.length() != 9) {
      return false;
    }
    String area = digits.substring(0, 3);
    boolean given =
        !area.equals("000")
            && !area.equals("666")
            && area.charAt(0) != '9'
            && !digits.startsWith("00", 3)
            && !digits.endsWith("0000");
    boolean dashed = length == 11 && text.charAt(start + 3) == '-';
    return given && (dashed || Around.has(text, start - BEFORE, start, WORDS));
  }
}
