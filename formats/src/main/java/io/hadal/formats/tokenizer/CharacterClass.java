package io.hadal.formats.tokenizer;

/**
 * Code point classes the DeepSeek-V3 pre-tokeniser tells apart. A class is a kind, plus the {@link
 * #CJK} bit for the code points of its second stage (Han U+4E00–9FA5, kana U+3040–30FF). Letters
 * and marks share a kind, so do punctuation and symbols: no rule separates them.
 */
final class CharacterClass {
  static final int OTHER = 0;
  static final int LETTER_OR_MARK = 1;
  static final int PUNCTUATION_OR_SYMBOL = 2;

  /** CR or LF. */
  static final int NEWLINE = 3;

  /** White_Space other than CR and LF; all of it lies in the BMP. */
  static final int SPACE = 4;

  static final int NUMBER = 5;
  static final int CJK = 8;

  private static final int SURROGATE = 16;
  private static final byte[] BMP = new byte[0x10000];

  static {
    for (int c = 0; c < BMP.length; c++) {
      BMP[c] =
          (byte)
              (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE
                  ? SURROGATE
                  : ofCodePoint(c));
    }
  }

  private CharacterClass() {}

  /** Class of the code point at {@code i}; a lone surrogate counts as U+FFFD, a symbol. */
  static int at(char[] text, int i, int end) {
    int c = BMP[text[i]];
    if (c != SURROGATE) {
      return c;
    }
    return width(text, i, end) == 2
        ? ofCodePoint(Character.toCodePoint(text[i], text[i + 1]))
        : PUNCTUATION_OR_SYMBOL;
  }

  /** Chars of the code point at {@code i}: 1 or 2. */
  static int width(char[] text, int i, int end) {
    return Character.isHighSurrogate(text[i])
            && i + 1 < end
            && Character.isLowSurrogate(text[i + 1])
        ? 2
        : 1;
  }

  /** First index at or after {@code i} whose code point is not of class {@code wanted}. */
  static int runEnd(char[] text, int i, int end, int wanted) {
    while (i < end) {
      int c = BMP[text[i]];
      if (c == wanted) {
        i++;
      } else if (c == SURROGATE && at(text, i, end) == wanted) {
        i += width(text, i, end);
      } else {
        break;
      }
    }
    return i;
  }

  private static int ofCodePoint(int c) {
    if (c == '\r' || c == '\n') {
      return NEWLINE;
    }
    if (isWhiteSpace(c)) {
      return SPACE;
    }
    int kind =
        switch (Character.getType(c)) {
          case Character.UPPERCASE_LETTER,
              Character.LOWERCASE_LETTER,
              Character.TITLECASE_LETTER,
              Character.MODIFIER_LETTER,
              Character.OTHER_LETTER,
              Character.NON_SPACING_MARK,
              Character.ENCLOSING_MARK,
              Character.COMBINING_SPACING_MARK ->
              LETTER_OR_MARK;
          case Character.CONNECTOR_PUNCTUATION,
              Character.DASH_PUNCTUATION,
              Character.START_PUNCTUATION,
              Character.END_PUNCTUATION,
              Character.INITIAL_QUOTE_PUNCTUATION,
              Character.FINAL_QUOTE_PUNCTUATION,
              Character.OTHER_PUNCTUATION,
              Character.MATH_SYMBOL,
              Character.CURRENCY_SYMBOL,
              Character.MODIFIER_SYMBOL,
              Character.OTHER_SYMBOL ->
              PUNCTUATION_OR_SYMBOL;
          case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
              NUMBER;
          default -> OTHER;
        };
    boolean cjk = (c >= 0x4E00 && c <= 0x9FA5) || (c >= 0x3040 && c <= 0x30FF);
    return cjk ? kind | CJK : kind;
  }

  /** The Unicode White_Space property; {@code Character.isWhitespace} is another set. */
  private static boolean isWhiteSpace(int c) {
    return (c >= 0x09 && c <= 0x0D)
        || c == ' '
        || c == 0x85
        || c == 0xA0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }
}
