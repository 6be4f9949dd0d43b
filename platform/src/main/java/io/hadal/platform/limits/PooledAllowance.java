package io.hadal.platform.limits;

import io.hadal.platform.lease.Leases;
import io.hadal.platform.lease.Pool;
import io.hadal.platform.lease.Share;
import io.hadal.platform.lease.Window;
import java.time.Clock;
import java.util.List;

/**
 * An amount of a day, or of requests at a time over several nodes, that the database keeps. What
 * runs is held; what counts for a day is settled at once, so that a restart does not forget it.
 */
final class PooledAllowance implements Allowance {
  private final Leases leases;
  private final Pool pool;
  private final Clock clock;
  private final boolean daily;

  PooledAllowance(Leases leases, Pool pool, Clock clock) {
    this.leases = leases;
    this.pool = pool;
    this.clock = clock;
    this.daily = pool.window() != Window.TOTAL;
  }

  private Share share(long now) {
    return leases.share(pool, now);
  }

  @Override
  public long take(long amount, long now) {
    // More than fits passes when everything is there, and counts afterwards.
    long first = Math.min(amount, pool.capacity());
    while (true) {
      Share share = share(now);
      try {
        if (leases.take(List.of(share), List.of(), first) != null) {
          return wait(share, now);
        }
      } catch (Leases.Retired e) {
        Thread.onSpinWait();
        continue;
      }
      if (daily) {
        leases.settle(List.of(share), first, amount);
      } else {
        leases.force(List.of(share), amount - first);
      }
      return 0;
    }
  }

  private long wait(Share share, long now) {
    return daily ? Math.max(1, share.span().end() - now) : Running.WAIT;
  }

  @Override
  public void force(long amount, long now) {
    settle(0, amount, now);
  }

  @Override
  public void settle(long taken, long actual, long now) {
    if (!daily) {
      // What is held keeps the share from being replaced.
      leases.settle(List.of(share(now)), taken - actual, 0);
      return;
    }
    while (taken != actual) {
      try {
        leases.adjust(share(now), actual - taken);
        return;
      } catch (Leases.Retired e) {
        Thread.onSpinWait();
      }
    }
  }

  @Override
  public long left(long now) {
    return share(now).left();
  }

  @Override
  public long resetMillis(long now) {
    Share share = share(now);
    return share.left() >= share.total() ? 0 : wait(share, now);
  }

  @Override
  public boolean unused(long now) {
    return daily || share(now).ownHeld() == 0;
  }

  @Override
  public void refresh() {
    leases.refresh(share(clock.millis()));
  }
}
