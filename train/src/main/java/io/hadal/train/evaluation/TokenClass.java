package io.hadal.train.evaluation;

import java.util.Locale;

/** What a piece of source code is; figures are reported by it. */
public enum TokenClass {
  KEYWORD,
  /** A name at its first use in the file. */
  NEW_NAME,
  /** A name that stood in the file before. */
  KNOWN_NAME,
  LITERAL,
  COMMENT,
  BRACKET,
  OPERATOR,
  /** Line ends and the blanks at the start of a line. */
  INDENTATION,
  /** Other blanks, when a token holds nothing else. */
  BLANK,
  /** The end of the text. */
  END;

  /** Name in reports. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
