package io.hadal.model.config;

/**
 * mHC residual streams (V4 spec 2.2).
 *
 * @param streams residual streams a token has
 * @param iterations Sinkhorn rounds, the first column step included
 * @param eps added to gates and divisors
 */
public record HyperConfig(int streams, int iterations, float eps) {

  /** Outputs of the mixing projection: pre, post and the square combination matrix. */
  public int mixes() {
    return streams * (2 + streams);
  }
}
