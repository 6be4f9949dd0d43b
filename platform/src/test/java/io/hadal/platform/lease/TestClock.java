package io.hadal.platform.lease;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that tests move. */
public final class TestClock extends Clock {
  private final AtomicLong millis;

  public TestClock(String instant) {
    millis = new AtomicLong(Instant.parse(instant).toEpochMilli());
  }

  public void advance(long by) {
    millis.addAndGet(by);
  }

  public void set(String instant) {
    millis.set(Instant.parse(instant).toEpochMilli());
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }

  @Override
  public Instant instant() {
    return Instant.ofEpochMilli(millis.get());
  }

  @Override
  public long millis() {
    return millis.get();
  }
}
