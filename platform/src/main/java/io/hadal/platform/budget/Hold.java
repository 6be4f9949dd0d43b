package io.hadal.platform.budget;

import io.hadal.platform.lease.Leases;
import io.hadal.platform.lease.Share;
import io.hadal.platform.usage.Work;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Money held for a request in all its budgets. Used by one thread at a time; a budget that is set
 * meanwhile comes to it from another.
 */
public final class Hold {
  private final @Nullable String id;
  private final Leases leases;
  private final Work work;
  private final long start;
  private final Set<Hold> running;
  private final List<Share> hard;
  private final List<Share> soft;

  /** Pools that were asked, also without success. */
  private final Set<String> pools = new HashSet<>();

  private long amount;
  private boolean settled;

  /**
   * A hold.
   *
   * @param id null when it takes from nothing
   * @param start when the request began, milliseconds since 1970
   * @param running loses it when it is settled
   */
  Hold(
      @Nullable String id,
      Leases leases,
      Work work,
      long start,
      Set<Hold> running,
      List<Share> hard,
      List<Share> soft,
      long amount) {
    this.id = id;
    this.leases = leases;
    this.work = work;
    this.start = start;
    this.running = running;
    this.hard = new ArrayList<>(hard);
    this.soft = new ArrayList<>(soft);
    this.amount = amount;
    hard.forEach(share -> pools.add(share.pool().id()));
    soft.forEach(share -> pools.add(share.pool().id()));
  }

  /** Begins with the node's name and a colon; null when nothing had to be held at the beginning. */
  public @Nullable String id() {
    return id;
  }

  Work work() {
    return work;
  }

  long start() {
    return start;
  }

  /** Nano-USD. */
  public synchronized long amount() {
    return amount;
  }

  /** Holds more; false when a budget or the balance has too little, and nothing changes then. */
  public synchronized boolean extend(long more) {
    try {
      if (leases.take(hard, soft, more) != null) {
        return false;
      }
    } catch (Leases.Retired e) {
      throw new IllegalStateException("a share with holds was given up", e);
    }
    amount += more;
    return true;
  }

  /**
   * Takes the same out of a budget that was set meanwhile, whether it is there or not: the request
   * runs.
   *
   * @param stops whether the request ends when the budget has too little
   * @throws Leases.Retired when the share must be looked up anew
   */
  synchronized void adopt(Share share, boolean stops) throws Leases.Retired {
    if (!settled && !pools.contains(share.pool().id())) {
      leases.take(List.of(), List.of(share), amount);
      pools.add(share.pool().id());
      (stops ? hard : soft).add(share);
    }
  }

  /** Takes the cost, and frees the rest. A second call has no effect. */
  public synchronized void settle(long cost) {
    if (settled) {
      return;
    }
    settled = true;
    running.remove(this);
    List<Share> all = new ArrayList<>(hard);
    all.addAll(soft);
    leases.settle(all, amount, cost);
  }
}
