package io.hadal.platform.lease;

import io.hadal.platform.db.Database;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The shares of this node. Amounts are taken out of several shares at once or out of none. While
 * leases last, nothing here asks the database.
 */
public final class Leases implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.platform");

  /** The order in which shares are locked. */
  private static final Comparator<Share> ORDER =
      Comparator.comparing((Share share) -> share.pool.id())
          .thenComparingLong(share -> share.span.start());

  /** How long a pool that had too little is not asked again, milliseconds. */
  private static final long DRY = 200;

  /** How long the database is not asked after it failed, milliseconds. */
  private static final long DOWN = 1000;

  /** How long a single node keeps a lease it does not use, milliseconds. */
  private static final long KEPT = 60_000;

  /** Most rows in one transaction of a sweep. */
  private static final int BATCH = 64;

  private static final int ATTEMPTS = 8;

  /** Class of SQL states of transactions that may be tried again. */
  private static final String ROLLBACK = "40";

  private final Database database;
  private final LeaseOptions options;
  private final Clock clock;
  private final LeaseTable table;
  private final ConcurrentHashMap<String, Share> shares = new ConcurrentHashMap<>();
  private final ConcurrentLinkedQueue<Share> past = new ConcurrentLinkedQueue<>();
  private volatile long downUntil;

  /** The last exchange failed, and that was told. */
  private volatile boolean troubled;

  /**
   * Reads what an earlier run of this node left, and frees what it held. Its journal must have been
   * replayed.
   *
   * @param prefix of the ids of all pools that are leased here
   */
  public Leases(
      Database database, LeaseOptions options, Clock clock, Spending spending, String prefix) {
    this.database = database;
    this.options = options;
    this.clock = clock;
    this.table = new LeaseTable(options, spending);
    database.run(h -> table.recover(h, prefix, clock.millis()));
  }

  /** The share of a pool in the window of a moment, which may be over. */
  public Share share(Pool pool, long now) {
    Share share = shares.get(pool.id());
    if (share != null && share.span.holds(now)) {
      return share;
    }
    Share[] found = new Share[1];
    shares.compute(
        pool.id(),
        (id, old) -> {
          if (old != null && old.span.holds(now)) {
            found[0] = old;
            return old;
          }
          // One window must not have two shares: each would count by itself.
          Share kept = past(pool, now);
          found[0] = kept == null ? new Share(pool, pool.window().at(now, pool.zone())) : kept;
          if (old != null && now < old.span.start()) {
            if (kept == null) {
              past.add(found[0]);
            }
            return old;
          }
          if (kept != null) {
            past.remove(kept);
          }
          if (old != null) {
            past.add(old);
          }
          return found[0];
        });
    return found[0];
  }

  private @Nullable Share past(Pool pool, long moment) {
    for (Share share : past) {
      if (share.pool.id().equals(pool.id()) && share.span.holds(moment) && !share.retired) {
        return share;
      }
    }
    return null;
  }

  /** Forgets that pools had too little: they have got more. */
  public void wake() {
    for (Share share : shares.values()) {
      share.locked(() -> share.dryUntil = 0);
    }
  }

  /**
   * Why an amount was not taken.
   *
   * @param share the share that has too little
   * @param unknown whether the database could not be asked
   */
  public record Shortage(Share share, boolean unknown) {}

  /**
   * Takes an amount out of shares, or out of none of them.
   *
   * @param hard shares that must have it
   * @param soft shares that may be overdrawn
   * @return what stopped it; null when it is taken
   * @throws Retired when a share must be looked up anew
   */
  public @Nullable Shortage take(List<Share> hard, List<Share> soft, long amount) throws Retired {
    List<Share> all = new ArrayList<>(hard.size() + soft.size());
    all.addAll(hard);
    all.addAll(soft);
    all.sort(ORDER);
    for (int i = 0; i < ATTEMPTS; i++) {
      Share scarce = tryTake(all, hard, amount);
      if (scarce == null) {
        return null;
      }
      Lease lease = lease(scarce, amount);
      if (lease == Lease.DOWN && options.failOpen()) {
        force(all, amount);
        return null;
      }
      if (lease != Lease.GRANTED) {
        return new Shortage(scarce, lease == Lease.DOWN);
      }
    }
    // Others took each lease before us: nothing is left but slivers.
    return new Shortage(hard.getFirst(), false);
  }

  /** A share that is no longer in use. */
  public static final class Retired extends Exception {
    private static final long serialVersionUID = 1L;

    Retired() {
      super(null, null, false, false);
    }
  }

  private @Nullable Share tryTake(List<Share> all, List<Share> hard, long amount) throws Retired {
    long now = clock.millis();
    int locked = 0;
    try {
      for (Share share : all) {
        share.lock.lock();
        locked++;
        if (share.retired) {
          throw new Retired();
        }
      }
      for (Share share : hard) {
        if (share.idle() < amount || now >= share.renewedAt + options.trustMillis(share.pool)) {
          return share;
        }
      }
      for (Share share : all) {
        share.held += amount;
        share.usedAt = now;
        share.dirty = true;
      }
      return null;
    } finally {
      for (int i = 0; i < locked; i++) {
        all.get(i).lock.unlock();
      }
    }
  }

  /** Takes an amount whether it is there or not: it was used already. */
  public void force(List<Share> from, long amount) {
    long now = clock.millis();
    for (Share share : from) {
      share.locked(
          () -> {
            share.held += amount;
            share.usedAt = now;
            share.dirty = true;
          });
    }
  }

  /** Gives an amount back, of which a part is spent. */
  public void settle(List<Share> to, long taken, long spent) {
    long now = clock.millis();
    for (Share share : to) {
      share.locked(
          () -> {
            share.held -= taken;
            share.settled += spent;
            share.usedAt = now;
            share.dirty = true;
          });
    }
  }

  /**
   * Corrects what was settled.
   *
   * @throws Retired when the share must be looked up anew
   */
  public void adjust(Share share, long change) throws Retired {
    share.lock.lock();
    try {
      if (share.retired) {
        throw new Retired();
      }
      share.settled += change;
      share.usedAt = clock.millis();
      share.dirty = true;
    } finally {
      share.lock.unlock();
    }
  }

  /** Reads a share's totals when that has not happened for long. */
  public void refresh(Share share) {
    try {
      lease(share, 0);
    } catch (Retired e) {
      // Its successor reads them when it is used.
      return;
    }
  }

  private enum Lease {
    GRANTED,
    DRY,
    DOWN
  }

  private Lease lease(Share share, long amount) throws Retired {
    share.exchange.lock();
    try {
      long now = clock.millis();
      LeaseTable.Ask ask;
      share.lock.lock();
      try {
        if (share.retired) {
          throw new Retired();
        }
        boolean fresh = now < share.renewedAt + options.trustMillis(share.pool);
        long missing = amount - share.idle();
        if (missing <= 0 && fresh) {
          return Lease.GRANTED;
        }
        if (fresh && now < share.dryUntil && missing >= share.dryNeed) {
          return Lease.DRY;
        }
        if (now < downUntil) {
          return unanswered(share, fresh);
        }
        ask = ask(share, share.authority, Math.max(0, missing));
      } finally {
        share.lock.unlock();
      }
      LeaseTable.Reply reply;
      try {
        reply = write(h -> table.exchange(h, share, ask, now));
      } catch (RuntimeException e) {
        down(e);
        share.lock.lock();
        try {
          long then = clock.millis();
          return unanswered(share, then < share.renewedAt + options.trustMillis(share.pool));
        } finally {
          share.lock.unlock();
        }
      }
      share.lock.lock();
      try {
        apply(share, ask, reply, now);
        if (ask.need() > 0 && reply.granted() == 0) {
          share.dryNeed = ask.need();
          share.dryUntil = now + DRY;
          // Somebody may have given back in the meantime, or an earlier run had a lease.
          return share.idle() >= amount ? Lease.GRANTED : Lease.DRY;
        }
        share.leasedAt = now;
        return Lease.GRANTED;
      } finally {
        share.lock.unlock();
      }
    } finally {
      share.exchange.unlock();
    }
  }

  /** A node that is alone has leased all there was: it knows that there is no more. */
  private Lease unanswered(Share share, boolean fresh) {
    return fresh && share.loaded && !options.several() ? Lease.DRY : Lease.DOWN;
  }

  private static LeaseTable.Ask ask(Share share, long keep, long need) {
    return new LeaseTable.Ask(share.settled, share.settled + share.held, keep, need);
  }

  private void apply(Share share, LeaseTable.Ask ask, LeaseTable.Reply reply, long now) {
    troubled = false;
    share.settled += reply.earlier();
    share.loaded = true;
    share.authority = reply.authority();
    share.written = reply.authority();
    share.renewedAt = now;
    share.totalSettled = reply.totalSettled();
    share.settledThen = ask.settled() + reply.earlier();
    share.total = reply.total();
  }

  /** Writes; once more when it only met another transaction. */
  private <T> T write(Function<Handle, T> work) {
    try {
      return database.write(work);
    } catch (RuntimeException e) {
      for (Throwable t = e; t != null; t = t.getCause()) {
        if (t instanceof SQLException sql
            && sql.getSQLState() != null
            && sql.getSQLState().startsWith(ROLLBACK)) {
          return database.write(work);
        }
      }
      throw e;
    }
  }

  private void down(RuntimeException e) {
    // It may have taken long to fail.
    long now = clock.millis();
    if (!troubled) {
      troubled = true;
      LOG.log(Level.WARNING, "leases: the database does not answer: {0}", e.getMessage());
    }
    downUntil = now + DOWN;
  }

  /**
   * Writes what was settled, renews what is in use and gives back what is not. To be called every
   * second.
   *
   * @param seen gets each share whose totals were read
   */
  public void sweep(Consumer<Share> seen) {
    exchangeAll(seen, false);
  }

  /** The same at once for all, and everything that is idle is given back. */
  public void flush() {
    exchangeAll(share -> {}, true);
  }

  private void exchangeAll(Consumer<Share> seen, boolean all) {
    List<Share> candidates = new ArrayList<>(shares.values());
    candidates.addAll(past);
    candidates.sort(ORDER);
    for (int from = 0; from < candidates.size(); from += BATCH) {
      List<Share> batch = candidates.subList(from, Math.min(candidates.size(), from + BATCH));
      if (!exchange(batch, seen, all)) {
        return;
      }
    }
  }

  private record Turn(Share share, LeaseTable.Ask ask) {}

  private boolean exchange(List<Share> batch, Consumer<Share> seen, boolean all) {
    long now = clock.millis();
    List<Turn> turns = new ArrayList<>();
    try {
      for (Share share : batch) {
        if (all) {
          share.exchange.lock();
        } else if (!share.exchange.tryLock()) {
          // It is being renewed at this moment.
          continue;
        }
        LeaseTable.Ask ask = turn(share, now, all);
        if (ask == null) {
          share.exchange.unlock();
        } else {
          turns.add(new Turn(share, ask));
        }
      }
      if (turns.isEmpty()) {
        return true;
      }
      List<LeaseTable.Reply> replies;
      try {
        replies =
            write(
                h ->
                    turns.stream()
                        .map(turn -> table.exchange(h, turn.share, turn.ask, now))
                        .toList());
      } catch (RuntimeException e) {
        // What was to be given back is not used again: the database may have it.
        for (Turn turn : turns) {
          turn.share.locked(() -> turn.share.dirty = true);
        }
        down(e);
        return false;
      }
      for (int i = 0; i < turns.size(); i++) {
        Turn turn = turns.get(i);
        LeaseTable.Reply reply = replies.get(i);
        turn.share.locked(
            () -> {
              apply(turn.share, turn.ask, reply, now);
              retire(turn.share, now);
            });
      }
    } finally {
      for (Turn turn : turns) {
        turn.share.exchange.unlock();
      }
    }
    for (Turn turn : turns) {
      seen.accept(turn.share);
    }
    return true;
  }

  /** What to ask for a share in a sweep; null for nothing. */
  private LeaseTable.@Nullable Ask turn(Share share, long now, boolean all) {
    share.lock.lock();
    try {
      boolean over = !share.span.holds(now);
      boolean unused =
          options.several()
              ? now >= share.leasedAt + options.validMillis()
              : now >= share.usedAt + KEPT;
      boolean back = share.idle() > 0 && (all || over || unused);
      boolean renew = share.held > 0 && now >= share.renewedAt + options.lostMillis(share.pool) / 4;
      boolean rest = share.held == 0 && !share.dirty && (over || now >= share.usedAt + KEPT);
      if (!share.dirty && !back && !renew && !rest) {
        return null;
      }
      share.dirty = false;
      if (back) {
        share.authority -= share.idle();
      }
      return ask(share, share.authority, 0);
    } finally {
      share.lock.unlock();
    }
  }

  private void retire(Share share, long now) {
    boolean over = !share.span.holds(now);
    if (share.held == 0
        && !share.dirty
        && share.idle() <= 0
        && (over || now >= share.usedAt + KEPT)) {
      share.retired = true;
      shares.remove(share.pool.id(), share);
      past.remove(share);
    }
  }

  /** The shares that this node has now. */
  public List<Share> all() {
    return new ArrayList<>(shares.values());
  }

  public LeaseOptions options() {
    return options;
  }

  /** Writes everything, and gives back what is not held. */
  @Override
  public void close() {
    flush();
  }
}
