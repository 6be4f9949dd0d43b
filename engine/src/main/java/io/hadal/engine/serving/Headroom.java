package io.hadal.engine.serving;

/**
 * What part of the engine's capacity comes in as work, over the last minute. Its capacity is the
 * best rate of work that it has shown lately: a batch that is not full works below it.
 */
final class Headroom {
  private static final double ARRIVALS_NANOS = 60e9;
  private static final double CAPACITY_NANOS = 3600e9;

  private double arrived;
  private double best;
  private long last;

  Headroom(long now) {
    this.last = now;
  }

  /** Work has come, taken in or not. */
  void add(double work, double workPerSecond, long now) {
    decay(workPerSecond, now);
    arrived += work;
  }

  private void decay(double workPerSecond, long now) {
    double passed = Math.max(0, now - last);
    last = now;
    arrived *= Math.exp(-passed / ARRIVALS_NANOS);
    best = Math.max(workPerSecond, best * Math.exp(-passed / CAPACITY_NANOS));
  }

  /** 1 without any work, 0 for as much as can be done, below it for more. */
  double ratio(double workPerSecond, long now) {
    decay(workPerSecond, now);
    return best == 0 ? 1 : 1 - arrived * 1e9 / ARRIVALS_NANOS / best;
  }
}
