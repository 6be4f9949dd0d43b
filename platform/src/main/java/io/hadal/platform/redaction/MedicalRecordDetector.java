package io.hadal.platform.redaction;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Numbers of medical records, patients and health plans behind the words that name them. */
public final class MedicalRecordDetector implements Detector {
  /** Longer ones first where one begins another. */
  private static final List<String> WORDS =
      List.of(
          "medical record number",
          "medical record no",
          "medical record #",
          "medical record id",
          "medical record",
          "med rec no",
          "med rec",
          "mrn",
          "patient number",
          "patient no",
          "patient id",
          "patient identifier",
          "patient_id",
          "patientid",
          "chart number",
          "chart no",
          "health plan number",
          "member id",
          "beneficiary number",
          "patientennummer",
          "patienten-nr",
          "patienten-id",
          "fallnummer",
          "numéro de patient",
          "número de paciente",
          "病历号",
          "病案号",
          "患者编号");

  private static final List<String> FILLERS = List.of("number", "no", "id", "nr", "is", "was");

  private static final int LONGEST = 24;
  private static final int GAP = 20;
  private static final int LEAST_DIGITS = 4;
  private static final int LEAST = 5;
  private static final int MOST = 20;

  @Override
  public String kind() {
    return "MEDICAL_RECORD";
  }

  @Override
  public void find(String text, Consumer<Finding> found) {
    int at = 0;
    while (at < text.length()) {
      int behind =
          Character.isLetter(text.charAt(at)) && !wordBefore(text, at) ? word(text, at) : -1;
      if (behind < 0) {
        at++;
        continue;
      }
      int start = number(text, behind);
      int end = start < 0 ? -1 : end(text, start);
      if (end > 0) {
        found.accept(new Finding(kind(), start, end));
        at = end;
      } else {
        at = behind;
      }
    }
  }

  /** Chinese has no spaces between words. */
  private static boolean wordBefore(String text, int at) {
    return Around.isWord(text, at - 1)
        && !Character.isIdeographic(text.charAt(at))
        && !Character.isIdeographic(text.charAt(at - 1));
  }

  /** Where one of the words from here ends; -1 for none. */
  private static int word(String text, int start) {
    String stretch =
        text.substring(start, Math.min(text.length(), start + LONGEST)).toLowerCase(Locale.ROOT);
    for (String word : WORDS) {
      if (stretch.startsWith(word)
          && (word.length() == stretch.length()
              || !Character.isLetter(stretch.charAt(word.length()))
              || Character.isIdeographic(word.charAt(0)))) {
        return Math.min(text.length(), start + word.length());
      }
    }
    return -1;
  }

  /** Where a number not far from here begins; -1 for none. */
  private static int number(String text, int from) {
    int at = from;
    int limit = Math.min(text.length(), from + GAP);
    while (at < limit) {
      if (text.charAt(at) == '\n') {
        return -1;
      }
      if (isNumber(text.charAt(at))) {
        int behind = filler(text, at);
        if (behind < 0) {
          return at;
        }
        at = behind;
      } else {
        at++;
      }
    }
    return -1;
  }

  /** Where a word that may come before the number ends; -1 for none. */
  private static int filler(String text, int at) {
    for (String word : FILLERS) {
      if (text.regionMatches(true, at, word, 0, word.length())
          && !Around.isWord(text, at + word.length())) {
        return at + word.length();
      }
    }
    return -1;
  }

  private static boolean isNumber(char c) {
    return Around.digit(c) || Around.asciiLetter(c);
  }

  /** Where the number ends; -1 when it is none. */
  private static int end(String text, int start) {
    int end = start;
    int digits = 0;
    while (end < text.length()
        && (isNumber(text.charAt(end))
            || (text.charAt(end) == '-'
                && end + 1 < text.length()
                && isNumber(text.charAt(end + 1))))) {
      digits += Around.isDigit(text, end) ? 1 : 0;
      end++;
      if (end - start > MOST) {
        return -1;
      }
    }
    return end - start >= LEAST && digits >= LEAST_DIGITS && !Around.isWord(text, end) ? end : -1;
  }
}
