package io.hadal.server.routing.body;

/**
 * About how many tokens a text has, where nobody has counted them: a token for four characters of
 * ASCII, seven for ten others.
 */
public final class TokenEstimate {
  private TokenEstimate() {}

  /** Of counts of characters. */
  public static long tokens(long ascii, long others) {
    return (ascii + 3) / 4 + (7 * others + 9) / 10;
  }
}
