package io.hadal.platform.limits;

/** Tokens that flow in at a steady rate. Corrections may make it negative. */
final class TokenBucket implements Allowance {
  /** The level's unit is a part of a token, so that a millisecond's refill is whole. */
  static final long PARTS = 60_000;

  private final long perMinute;
  private final long full;
  private long level;
  private long updated;

  TokenBucket(long perMinute, long burst, long now) {
    this.perMinute = perMinute;
    this.full = burst * PARTS;
    this.level = full;
    this.updated = now;
  }

  private void refill(long now) {
    if (now > updated) {
      level = refilled(level, full, perMinute, now - updated);
      updated = now;
    }
  }

  /** A level after some milliseconds. */
  static long refilled(long level, long full, long perMinute, long millis) {
    // A division, because the product may be no number of 64 bits.
    return millis > (full - level) / perMinute ? full : level + perMinute * millis;
  }

  @Override
  public synchronized long take(long amount, long now) {
    refill(now);
    // More than fits passes when the bucket is full, and is paid back afterwards.
    long need = Math.min(amount * PARTS, full);
    if (level < need) {
      return Math.ceilDiv(need - level, perMinute);
    }
    level -= amount * PARTS;
    return 0;
  }

  @Override
  public synchronized void force(long amount, long now) {
    refill(now);
    level -= amount * PARTS;
  }

  @Override
  public synchronized void settle(long taken, long actual, long now) {
    refill(now);
    level = Math.min(full, level + (taken - actual) * PARTS);
  }

  @Override
  public synchronized long left(long now) {
    refill(now);
    return Math.floorDiv(level, PARTS);
  }

  @Override
  public synchronized long resetMillis(long now) {
    refill(now);
    return Math.ceilDiv(full - level, perMinute);
  }

  @Override
  public synchronized boolean unused(long now) {
    refill(now);
    return level >= full;
  }
}
