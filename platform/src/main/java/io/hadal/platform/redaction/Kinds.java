package io.hadal.platform.redaction;

import io.hadal.formats.FormatException;

/** Names of kinds, which stand in placeholders. */
final class Kinds {
  static final int MAX_LENGTH = 24;

  private Kinds() {}

  /**
   * The name, when it can be one.
   *
   * @throws FormatException when not
   */
  static String check(String kind) {
    boolean valid = !kind.isEmpty() && kind.length() <= MAX_LENGTH;
    for (int i = 0; i < kind.length() && valid; i++) {
      char c = kind.charAt(i);
      valid = (c >= 'A' && c <= 'Z') || c == '_' || (i > 0 && Around.digit(c));
    }
    if (!valid) {
      throw new FormatException(
          "redaction kind '" + kind + "'",
          "must be at most " + MAX_LENGTH + " capital letters, digits and underscores");
    }
    return kind;
  }
}
