package io.hadal.formats.tokenizer;

/**
 * Incremental UTF-8 decoding. Bytes that are not UTF-8 become U+FFFD, one per maximal subpart of a
 * well-formed sequence, however the input is cut; an unfinished sequence waits for more bytes.
 */
final class Utf8Decoder {
  private static final char REPLACEMENT = '\uFFFD';

  private int codePoint;
  private int missing;
  // Bounds of the next continuation byte; they exclude overlong forms, surrogates and > U+10FFFF.
  private int lower = 0x80;
  private int upper = 0xBF;

  void decode(byte[] bytes, int from, int to, StringBuilder out) {
    for (int i = from; i < to; i++) {
      int b = bytes[i] & 0xFF;
      if (missing > 0) {
        if (b >= lower && b <= upper) {
          codePoint = codePoint << 6 | (b & 0x3F);
          lower = 0x80;
          upper = 0xBF;
          if (--missing == 0) {
            out.appendCodePoint(codePoint);
          }
          continue;
        }
        finish(out);
      }
      if (b < 0x80) {
        out.append((char) b);
      } else if (b >= 0xC2 && b <= 0xDF) {
        start(b & 0x1F, 1);
      } else if (b >= 0xE0 && b <= 0xEF) {
        start(b & 0x0F, 2);
        lower = b == 0xE0 ? 0xA0 : 0x80;
        upper = b == 0xED ? 0x9F : 0xBF;
      } else if (b >= 0xF0 && b <= 0xF4) {
        start(b & 0x07, 3);
        lower = b == 0xF0 ? 0x90 : 0x80;
        upper = b == 0xF4 ? 0x8F : 0xBF;
      } else {
        out.append(REPLACEMENT);
      }
    }
  }

  /** Ends the text: an unfinished sequence becomes U+FFFD. */
  void finish(StringBuilder out) {
    if (missing > 0) {
      out.append(REPLACEMENT);
      missing = 0;
      lower = 0x80;
      upper = 0xBF;
    }
  }

  private void start(int bits, int continuations) {
    codePoint = bits;
    missing = continuations;
  }
}
