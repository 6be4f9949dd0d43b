package io.hadal.platform.reports;

import io.hadal.platform.usage.Quantities;

/**
 * What attempts took together. Amounts are nano-USD.
 *
 * @param requests requests, however many attempts they had
 * @param errors attempts that failed without the client's doing
 * @param cost what customers pay
 * @param upstreamCost what upstreams bill
 * @param saved what cache reads were cheaper than input
 * @param firstTokenP50 milliseconds to the first token, by rank; 0 when unknown
 * @param tokenP50 microseconds between tokens, by rank; 0 when unknown
 */
public record Measures(
    long requests,
    long attempts,
    long errors,
    Quantities quantities,
    long cost,
    long upstreamCost,
    long saved,
    long firstTokenP50,
    long firstTokenP95,
    long tokenP50,
    long tokenP95) {
  /** What is left of the cost. */
  public long margin() {
    return cost - upstreamCost;
  }

  /** Share of prompt tokens that were in a cache, from 0 to 1. */
  public double cacheHitRatio() {
    long input = quantities.input();
    return input == 0 ? 0 : (double) quantities.cacheRead() / input;
  }

  /** Share of attempts that failed, from 0 to 1. */
  public double errorRate() {
    return attempts == 0 ? 0 : (double) errors / attempts;
  }
}
