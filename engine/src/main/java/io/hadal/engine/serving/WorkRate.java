package io.hadal.engine.serving;

/** An amount per second over the last seconds of work; idle time does not count. */
final class WorkRate {
  private static final double MEMORY_NANOS = 5e9;

  private double amount;
  private double nanos;

  void add(double more, long time) {
    double kept = Math.exp(-time / MEMORY_NANOS);
    amount = amount * kept + more;
    nanos = nanos * kept + time;
  }

  /** The rate; 0 before any work. */
  double perSecond() {
    return nanos == 0 ? 0 : amount * 1e9 / nanos;
  }
}
