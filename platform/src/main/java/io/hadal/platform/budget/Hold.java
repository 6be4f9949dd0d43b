package io.hadal.platform.budget;

import io.hadal.platform.lease.Leases;
import io.hadal.platform.lease.Share;
import java.util.ArrayList;
import java.util.List;

/** Money held for a request in all its budgets. Used by one thread at a time. */
public final class Hold {
  private final String id;
  private final Leases leases;
  private final List<Share> hard;
  private final List<Share> soft;
  private long amount;
  private boolean settled;

  Hold(String id, Leases leases, List<Share> hard, List<Share> soft, long amount) {
    this.id = id;
    this.leases = leases;
    this.hard = hard;
    this.soft = soft;
    this.amount = amount;
  }

  /** Begins with the node's name and a colon. */
  public String id() {
    return id;
  }

  /** Nano-USD. */
  public long amount() {
    return amount;
  }

  /** Holds more; false when a budget or the balance has too little, and nothing changes then. */
  public boolean extend(long more) {
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

  /** Takes the cost, and frees the rest. A second call has no effect. */
  public void settle(long cost) {
    if (settled) {
      return;
    }
    settled = true;
    List<Share> all = new ArrayList<>(hard);
    all.addAll(soft);
    leases.settle(all, amount, cost);
  }
}
