package io.hadal.platform.limits;

/**
 * Requests at a steady rate with a small burst: the generic cell rate algorithm, which has no edges
 * of windows.
 */
final class Gcra implements Allowance {
  private static final long MINUTE = 60_000_000_000L;
  private static final long NANOS = 1_000_000L;

  /** Time between two requests, nanoseconds. */
  private final long interval;

  private final long tolerance;

  /** When the next request would come at a steady rate, nanoseconds since 1970. */
  private long next;

  Gcra(long perMinute, long burst) {
    interval = Math.max(1, MINUTE / perMinute);
    tolerance = interval * burst;
  }

  @Override
  public synchronized long take(long amount, long now) {
    long time = now * NANOS;
    long then = Math.max(next, time) + interval * amount;
    if (then - tolerance > time) {
      return Math.max(1, Math.ceilDiv(then - tolerance - time, NANOS));
    }
    next = then;
    return 0;
  }

  @Override
  public synchronized void force(long amount, long now) {
    next = Math.max(next, now * NANOS) + interval * amount;
  }

  @Override
  public synchronized void settle(long taken, long actual, long now) {
    next += interval * (actual - taken);
  }

  @Override
  public synchronized long left(long now) {
    return Math.floorDiv(tolerance - Math.max(0, next - now * NANOS), interval);
  }

  @Override
  public synchronized long resetMillis(long now) {
    return Math.ceilDiv(Math.max(0, next - now * NANOS), NANOS);
  }

  @Override
  public synchronized boolean unused(long now) {
    return next <= now * NANOS;
  }
}
