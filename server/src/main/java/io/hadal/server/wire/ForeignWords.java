package io.hadal.server.wire;

/**
 * Words of clients and upstreams that may go into logs and records. Checked without patterns: each
 * request has several.
 */
public final class ForeignWords {
  private static final int LONGEST_ID = 128;
  private static final int LONGEST_REASON = 40;

  private ForeignWords() {}

  /** Whether a text is an id: letters, digits and {@code . _ : -}, of 1 to 128 characters. */
  public static boolean isId(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isLetter(c) && !(c >= '0' && c <= '9') && "._:-".indexOf(c) < 0) {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= LONGEST_ID;
  }

  /** Whether a text is a reason to end: letters and {@code _}, of 1 to 40 characters. */
  public static boolean isReason(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!isLetter(text.charAt(i)) && text.charAt(i) != '_') {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= LONGEST_REASON;
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
}
