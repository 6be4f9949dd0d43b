package io.hadal.train.corpus;

import java.util.regex.Pattern;

/** The comments at the start of a file that state copyright and licence. */
final class LicenceHeader {
  private static final Pattern LEGAL =
      Pattern.compile(
          "copyright|licen[sc]e|spdx-|all rights reserved|public domain", Pattern.CASE_INSENSITIVE);
  private static final Pattern COPYLEFT =
      Pattern.compile(
          "GNU\\s+(Lesser\\s+|Library\\s+|Affero\\s+)?General\\s+Public|\\b[AL]?GPL\\b"
              + "|Mozilla\\s+Public\\s+Licen|Eclipse\\s+Public\\s+Licen|Common\\s+Development\\s+and"
              + "|Server\\s+Side\\s+Public|Elastic\\s+Licen[sc]e|Business\\s+Source|NonCommercial"
              + "|proprietary\\s+and\\s+confidential");
  private static final Pattern PERMISSIVE =
      Pattern.compile("Apache\\s+(Software\\s+)?Licen|\\bMIT\\s+Licen|\\bBSD\\b");

  private LicenceHeader() {}

  /** Index after the leading comments that state a licence; 0 if there are none. */
  static int end(String text, Language language) {
    int end = 0;
    int at = skipSpace(text, 0);
    while (at < text.length()) {
      int next = commentEnd(text, at, language);
      if (next == at) {
        break;
      }
      // A file comment behind the header stays; one before a later header goes with it.
      if (LEGAL.matcher(text).region(at, next).find()) {
        end = next;
      }
      at = skipSpace(text, next);
    }
    return end;
  }

  /** Whether the header names a licence that asks more than permissive ones, and no other. */
  static boolean refused(String header) {
    return COPYLEFT.matcher(header).find() && !PERMISSIVE.matcher(header).find();
  }

  private static int skipSpace(String text, int from) {
    int i = from;
    while (i < text.length() && Character.isWhitespace(text.charAt(i))) {
      i++;
    }
    return i;
  }

  private static int commentEnd(String text, int at, Language language) {
    String line = language == Language.PYTHON ? "#" : "//";
    if (text.startsWith(line, at)) {
      int i = at;
      while (text.startsWith(line, i)) {
        int feed = text.indexOf('\n', i);
        if (feed < 0) {
          return text.length();
        }
        i = feed + 1;
      }
      return i;
    }
    if (language != Language.PYTHON && text.startsWith("/*", at)) {
      int close = text.indexOf("*/", at + 2);
      return close < 0 ? at : close + 2;
    }
    return at;
  }
}
