package io.hadal.model.config;

/**
 * mHC residual streams (V4 spec 2.2, V4.1 spec 4.1).
 *
 * @param streams residual streams a token has
 * @param iterations Sinkhorn rounds, the first column step included
 * @param eps added to gates and divisors
 * @param delayed true when a site collapses with the gates of the site before it, and the head with
 *     those of the last
 */
public record HyperConfig(int streams, int iterations, float eps, boolean delayed) {

  /** Outputs of the mixing projection: pre, post and the square combination matrix. */
  public int mixes() {
    return streams * (2 + streams);
  }
}
