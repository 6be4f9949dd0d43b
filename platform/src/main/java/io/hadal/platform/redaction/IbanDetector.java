package io.hadal.platform.redaction;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** International bank account numbers: length of the country, remainder 1 modulo 97. */
public final class IbanDetector implements Detector {
  private static final Map<String, Integer> LENGTHS = lengths();

  private static Map<String, Integer> lengths() {
    String table =
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28"
            + " EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23"
            + " IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22"
            + " MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24"
            + " SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20";
    Map<String, Integer> lengths = new HashMap<>();
    for (String entry : table.split(" ", -1)) {
      lengths.put(entry.substring(0, 2), Integer.valueOf(entry.substring(2)));
    }
    return Map.copyOf(lengths);
  }

  @Override
  public String kind() {
    return "IBAN";
  }

  @Override
  public void find(String text, Consumer<Finding> found) {
    int at = 0;
    while (at + 15 <= text.length()) {
      int end = -1;
      if (Around.asciiLetter(text.charAt(at))
          && Around.asciiLetter(text.charAt(at + 1))
          && !Around.isWord(text, at - 1)) {
        end = iban(text, at);
      }
      if (end > 0) {
        found.accept(new Finding(kind(), at, end));
        at = end;
      } else {
        at++;
      }
    }
  }

  /** Where the number from here ends; -1 for none. */
  private static int iban(String text, int start) {
    Integer length = LENGTHS.get(text.substring(start, start + 2).toUpperCase(Locale.ROOT));
    if (length == null) {
      return -1;
    }
    StringBuilder number = new StringBuilder(length);
    int i = start;
    while (i < text.length() && number.length() < length) {
      char c = text.charAt(i);
      if (Around.digit(c) || Around.asciiLetter(c)) {
        number.append(Character.toUpperCase(c));
      } else if ((c != ' ' && c != '-') || text.charAt(i - 1) == c) {
        return -1;
      }
      i++;
    }
    boolean whole =
        number.length() == length
            && Around.digit(number.charAt(2))
            && Around.digit(number.charAt(3))
            && !Around.isWord(text, i);
    return whole && remainder(number) == 1 ? i : -1;
  }

  private static int remainder(CharSequence number) {
    int remainder = 0;
    for (int i = 0; i < number.length(); i++) {
      // The first four characters count last.
      int value = Character.digit(number.charAt((i + 4) % number.length()), 36);
      remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
    }
    return remainder;
  }
}
