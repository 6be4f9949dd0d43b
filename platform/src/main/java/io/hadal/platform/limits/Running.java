package io.hadal.platform.limits;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Requests that run now, from admission to their last byte. */
final class Running implements Allowance {
  /** Nobody knows when a request ends. */
  static final long WAIT = 1000;

  private final long most;
  private final AtomicLong count;

  /**
   * @param before the same requests under another limit; null for none
   */
  Running(long most, @Nullable Running before) {
    this.most = most;
    this.count = before == null ? new AtomicLong() : before.count;
  }

  @Override
  public long take(long amount, long now) {
    if (count.addAndGet(amount) <= most) {
      return 0;
    }
    count.addAndGet(-amount);
    return WAIT;
  }

  @Override
  public void force(long amount, long now) {
    count.addAndGet(amount);
  }

  @Override
  public void settle(long taken, long actual, long now) {
    count.addAndGet(actual - taken);
  }

  @Override
  public long left(long now) {
    return most - count.get();
  }

  @Override
  public long resetMillis(long now) {
    return count.get() == 0 ? 0 : WAIT;
  }

  @Override
  public boolean unused(long now) {
    return count.get() == 0;
  }
}
