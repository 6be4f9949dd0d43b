package io.hadal.platform;

/**
 * The tightest limits of a request; -1 where there is none.
 *
 * @param requests most requests in a window
 * @param requestsLeft requests that may still come
 * @param requestsResetMillis until all may come again
 * @param tokens most tokens in a window
 * @param tokensLeft tokens that may still come
 * @param tokensResetMillis until all may come again
 * @param input of prompt tokens that are not cached
 * @param output of tokens of answers
 */
public record LimitState(
    long requests,
    long requestsLeft,
    long requestsResetMillis,
    long tokens,
    long tokensLeft,
    long tokensResetMillis,
    Tokens input,
    Tokens output) {
  /** No limit. */
  public static final LimitState NONE = new LimitState(-1, -1, -1, -1, -1, -1);

  /**
   * The tightest limit of one kind of tokens; -1 where there is none.
   *
   * @param most most of them in a window
   * @param left what may still come
   * @param resetMillis until all may come again
   */
  public record Tokens(long most, long left, long resetMillis) {
    public static final Tokens NONE = new Tokens(-1, -1, -1);
  }

  /** Limits of requests and of tokens, of none of them in particular. */
  public LimitState(
      long requests,
      long requestsLeft,
      long requestsResetMillis,
      long tokens,
      long tokensLeft,
      long tokensResetMillis) {
    this(
        requests,
        requestsLeft,
        requestsResetMillis,
        tokens,
        tokensLeft,
        tokensResetMillis,
        Tokens.NONE,
        Tokens.NONE);
  }
}
