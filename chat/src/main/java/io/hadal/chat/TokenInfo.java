package io.hadal.chat;

import java.util.List;

/**
 * A generated token with its probability.
 *
 * @param logprob natural logarithm of the probability
 * @param top the likeliest tokens at its place
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record TokenInfo(byte[] bytes, double logprob, List<Alternative> top) {

  /** A likely token. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Alternative(byte[] bytes, double logprob) {}
}
