package io.hadal.server.routing.body;

/**
 * About how many tokens a text has, where nobody has counted them: a token for four characters of
 * ASCII, seven for ten others.
 */
public final class TokenEstimate {
  private TokenEstimate() {}

  /** Of UTF-8. */
  public static long ofUtf8(byte[] bytes, int from, int to) {
    long ascii = 0;
    long others = 0;
    for (int i = from; i < to; i++) {
      if (bytes[i] >= 0) {
        ascii++;
      } else if ((bytes[i] & 0xC0) == 0xC0) {
        others++;
      }
    }
    return tokens(ascii, others);
  }

  /** Of counts of characters. */
  public static long tokens(long ascii, long others) {
    return (ascii + 3) / 4 + (7 * others + 9) / 10;
  }
}
