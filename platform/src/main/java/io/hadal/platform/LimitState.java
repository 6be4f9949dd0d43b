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
 */
public record LimitState(
    long requests,
    long requestsLeft,
    long requestsResetMillis,
    long tokens,
    long tokensLeft,
    long tokensResetMillis) {
  public static final LimitState NONE = new LimitState(-1, -1, -1, -1, -1, -1);
}
