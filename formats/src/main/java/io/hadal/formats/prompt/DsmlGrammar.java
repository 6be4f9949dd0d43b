package io.hadal.formats.prompt;

import org.jspecify.annotations.Nullable;

/** Attribute syntax of DSML tags, shared by the strict and the streaming parser. */
final class DsmlGrammar {
  static final String NAME = " name=\"";
  static final String STRING_TRUE = "\" string=\"true\">";
  static final String STRING_FALSE = "\" string=\"false\">";
  private static final String STRING = "\" string=\"";
  private static final String HEADER_NAME = "name=\"";
  private static final String HEADER_END = "\">\n";

  private DsmlGrammar() {}

  /**
   * Name in the text between {@code <｜DSML｜invoke} and its first inner tag: white space, {@code
   * name="…">} and one or two newlines. Null if the text is anything else.
   */
  static DsmlReader.@Nullable Span invokeName(CharSequence text, int from, int to) {
    int start = from;
    while (start < to && isSpace(text.charAt(start))) {
      start++;
    }
    if (!startsWith(text, start, to, HEADER_NAME)) {
      return null;
    }
    start += HEADER_NAME.length();
    int end = to - HEADER_END.length();
    if (end < start || !startsWith(text, end, to, HEADER_END)) {
      end--;
      if (end < start || text.charAt(to - 1) != '\n' || !startsWith(text, end, to, HEADER_END)) {
        return null;
      }
    }
    return new DsmlReader.Span(start, end);
  }

  /** Whether the text may be the beginning of an invoke header. */
  static boolean mayBecomeHeader(CharSequence text, int firstNonSpace, int to) {
    return to - firstNonSpace < HEADER_NAME.length()
        ? begins(text, firstNonSpace, to, HEADER_NAME)
        : startsWith(text, firstNonSpace, to, HEADER_NAME);
  }

  /** First {@code " string="true">} or {@code " string="false">} within the range, or −1. */
  static int stringFlag(CharSequence text, int from, int to) {
    int at = indexOf(text, STRING, from, to);
    while (at >= 0
        && !startsWith(text, at, to, STRING_TRUE)
        && !startsWith(text, at, to, STRING_FALSE)) {
      at = indexOf(text, STRING, at + 1, to);
    }
    return at;
  }

  /** White space as Python's {@code \s} sees it. */
  static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }

  /** Whether the whole range is a beginning of the marker. */
  static boolean begins(CharSequence text, int from, int to, String marker) {
    if (to - from > marker.length()) {
      return false;
    }
    for (int i = from; i < to; i++) {
      if (text.charAt(i) != marker.charAt(i - from)) {
        return false;
      }
    }
    return true;
  }

  static boolean startsWith(CharSequence text, int at, int to, String prefix) {
    if (to - at < prefix.length()) {
      return false;
    }
    for (int i = 0; i < prefix.length(); i++) {
      if (text.charAt(at + i) != prefix.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** First occurrence that lies wholly within the range, or −1; never looks beyond it. */
  static int indexOf(CharSequence text, String marker, int from, int to) {
    char first = marker.charAt(0);
    for (int i = from; i <= to - marker.length(); i++) {
      if (text.charAt(i) == first && startsWith(text, i, to, marker)) {
        return i;
      }
    }
    return -1;
  }
}
