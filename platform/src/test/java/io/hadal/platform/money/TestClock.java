package io.hadal.platform.money;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** Shows what a test says, in milliseconds since 1970. */
public final class TestClock extends Clock {
  private final long[] now;

  /** A clock that shows the element. */
  public TestClock(long[] now) {
    this.now = now;
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
    return Instant.ofEpochMilli(now[0]);
  }
}
