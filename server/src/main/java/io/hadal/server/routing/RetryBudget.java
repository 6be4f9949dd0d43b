package io.hadal.server.routing;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Further attempts may be a tenth of the requests, so that an upstream in trouble does not get
 * three times its load. A few are free at the beginning.
 */
final class RetryBudget {
  private static final long COST = 10;
  private static final long MOST = 20 * COST;

  private final AtomicLong saved = new AtomicLong(MOST);

  /** A request has come. */
  void request() {
    saved.getAndUpdate(s -> Math.min(MOST, s + 1));
  }

  /** Takes one further attempt; false when there is none. */
  boolean take() {
    return saved.getAndUpdate(s -> s >= COST ? s - COST : s) >= COST;
  }
}
