package io.hadal.platform.redaction;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Dates near words such as "date of birth". Other dates are left alone. */
public final class BirthDateDetector implements Detector {
  private static final List<String> WORDS =
      List.of(
          "born",
          "birth",
          "birthday",
          "birthdate",
          "dob",
          "d.o.b",
          "geboren",
          "geburtsdatum",
          "geb",
          "né",
          "née",
          "naissance",
          "nacimiento",
          "nacido",
          "nacida",
          "nascita",
          "date-of-birth",
          "date_of_birth",
          "birth_date",
          "出生",
          "生日",
          "生于");

  private static final List<String> MONTHS =
      List.of(
          "january",
          "february",
          "march",
          "april",
          "may",
          "june",
          "july",
          "august",
          "september",
          "october",
          "november",
          "december",
          "januar",
          "februar",
          "märz",
          "mai",
          "juni",
          "juli",
          "oktober",
          "dezember",
          "jan",
          "feb",
          "mar",
          "apr",
          "jun",
          "jul",
          "aug",
          "sep",
          "sept",
          "oct",
          "nov",
          "dec");

  private static final int BEFORE = 40;
  private static final int BEHIND = 25;
  private static final int LONGEST_MONTH = 9;

  @Override
  public String kind() {
    return "DATE_OF_BIRTH";
  }

  @Override
  public void find(String text, Consumer<Finding> found) {
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      if ((!Around.digit(c) && !Character.isLetter(c)) || Around.isWord(text, at - 1)) {
        at++;
        continue;
      }
      int end = date(text, at);
      if (end > 0
          && !Around.isDigit(text, end)
          && (Around.has(text, at - BEFORE, at, WORDS)
              || Around.has(text, end, end + BEHIND, WORDS))) {
        found.accept(new Finding(kind(), at, end));
        at = end;
      } else {
        at++;
      }
    }
  }

  /** Where a date from here ends; -1 for none. */
  private static int date(String text, int start) {
    if (!Around.isDigit(text, start)) {
      return monthFirst(text, start);
    }
    int first = digits(text, start);
    int count = first - start;
    if (count > 4 || count == 3 || first == text.length()) {
      return -1;
    }
    int number = Integer.parseInt(text, start, first, 10);
    char separator = text.charAt(first);
    if (separator == '年' && count == 4 && isYear(number)) {
      return chinese(text, first + 1);
    }
    if ("-/.".indexOf(separator) >= 0) {
      return numeric(text, first, count, number, separator);
    }
    return count <= 2 && number >= 1 && number <= 31 ? dayFirst(text, first) : -1;
  }

  /** YYYY-MM-DD, DD.MM.YYYY, MM/DD/YYYY and years of two digits. */
  private static int numeric(String text, int first, int count, int number, char separator) {
    int middle = first + 1;
    // 24. 12. 1980
    if (separator == '.' && middle < text.length() && text.charAt(middle) == ' ') {
      middle++;
    }
    int middleEnd = digits(text, middle);
    if (middleEnd == middle || middleEnd - middle > 2) {
      return count <= 2 && separator == '.' ? dayFirst(text, first + 1) : -1;
    }
    if (middleEnd >= text.length() || text.charAt(middleEnd) != separator) {
      return -1;
    }
    int last = middleEnd + 1;
    if (separator == '.' && last < text.length() && text.charAt(last) == ' ') {
      last++;
    }
    int end = digits(text, last);
    int lastCount = end - last;
    if (lastCount == 0 || lastCount > 4 || lastCount == 3) {
      return -1;
    }
    int second = Integer.parseInt(text, middle, middleEnd, 10);
    int third = Integer.parseInt(text, last, end, 10);
    boolean valid =
        count == 4
            ? isYear(number) && lastCount <= 2 && isMonth(second) && isDay(third)
            : (lastCount == 4 ? isYear(third) : lastCount == 2 && count <= 2)
                && ((isDay(number) && isMonth(second)) || (isMonth(number) && isDay(second)));
    return valid ? end : -1;
  }

  /** 5 May 1980, 5th of May, 1980. */
  private static int dayFirst(String text, int from) {
    int at = from;
    for (String suffix : List.of("st", "nd", "rd", "th", ".")) {
      if (text.startsWith(suffix, at)) {
        at += suffix.length();
        break;
      }
    }
    at = spaces(text, at);
    if (text.startsWith("of ", at)) {
      at = spaces(text, at + 3);
    }
    int behind = month(text, at);
    return behind < 0 ? -1 : year(text, behind);
  }

  /** May 5, 1980 and May 5th 1980. */
  private static int monthFirst(String text, int start) {
    int at = month(text, start);
    if (at < 0) {
      return -1;
    }
    int day = spaces(text, at);
    int end = digits(text, day);
    if (end == day || end - day > 2 || !isDay(Integer.parseInt(text, day, end, 10))) {
      return -1;
    }
    for (String suffix : List.of("st", "nd", "rd", "th")) {
      if (text.startsWith(suffix, end)) {
        end += suffix.length();
        break;
      }
    }
    return year(text, end);
  }

  /** A year behind a comma or a space. */
  private static int year(String text, int from) {
    int at = from;
    if (at < text.length() && text.charAt(at) == ',') {
      at++;
    }
    at = spaces(text, at);
    int end = digits(text, at);
    return at > from && end - at == 4 && isYear(Integer.parseInt(text, at, end, 10)) ? end : -1;
  }

  private static int chinese(String text, int month) {
    int monthEnd = digits(text, month);
    int day = monthEnd + 1;
    if (monthEnd == month || monthEnd - month > 2 || !text.startsWith("月", monthEnd)) {
      return -1;
    }
    int dayEnd = digits(text, day);
    if (dayEnd == day || dayEnd - day > 2) {
      return -1;
    }
    boolean valid =
        isMonth(Integer.parseInt(text, month, monthEnd, 10))
            && isDay(Integer.parseInt(text, day, dayEnd, 10));
    if (!valid) {
      return -1;
    }
    return text.startsWith("日", dayEnd) ? dayEnd + 1 : dayEnd;
  }

  /** Where the name of a month ends, with a point behind a short one; -1 for none. */
  private static int month(String text, int start) {
    int end = start;
    while (end < text.length()
        && end - start <= LONGEST_MONTH
        && Character.isLetter(text.charAt(end))) {
      end++;
    }
    if (end == start || !MONTHS.contains(text.substring(start, end).toLowerCase(Locale.ROOT))) {
      return -1;
    }
    return text.startsWith(".", end) ? end + 1 : end;
  }

  private static int digits(String text, int from) {
    int at = from;
    // Five are enough to see that there are too many.
    while (at < from + 5 && Around.isDigit(text, at)) {
      at++;
    }
    return at;
  }

  private static int spaces(String text, int from) {
    int at = from;
    while (at < from + 3 && at < text.length() && text.charAt(at) == ' ') {
      at++;
    }
    return at;
  }

  private static boolean isYear(int year) {
    return year >= 1900 && year <= 2100;
  }

  private static boolean isMonth(int month) {
    return month >= 1 && month <= 12;
  }

  private static boolean isDay(int day) {
    return day >= 1 && day <= 31;
  }
}
