package io.hadal.platform.db;

import io.hadal.platform.Refusal;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Knows whether a database answers, so that no request waits for one that does not: after the first
 * failure all work fails at once, until a probe beside it has succeeded.
 */
final class Reachability {
  private static final long PAUSE_MILLIS = 250;

  /** Something that succeeds when the database answers. */
  @FunctionalInterface
  interface Probe {
    void run() throws SQLException;
  }

  private final Predicate<SQLException> outage;
  private final Probe probe;
  private final AtomicBoolean down = new AtomicBoolean();
  private volatile @Nullable Thread prober;
  private volatile boolean closed;

  /**
   * A database that answers.
   *
   * @param outage whether a failure says that it does not
   */
  Reachability(Predicate<SQLException> outage, Probe probe) {
    this.outage = outage;
    this.probe = probe;
  }

  boolean up() {
    return !down.get();
  }

  /**
   * Passes when the database answered last.
   *
   * @throws Refusal else
   */
  void require() {
    if (down.get()) {
      throw new Refusal(
          Refusal.Reason.UNAVAILABLE, "The database does not answer at the moment.", 1000, null);
    }
  }

  /** Learns of a failure. */
  void failed(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql && outage.test(sql)) {
        if (!closed && down.compareAndSet(false, true)) {
          prober = Thread.ofVirtual().name("hadal-db-probe").start(this::probe);
        }
        return;
      }
    }
  }

  private void probe() {
    while (!closed) {
      try {
        Thread.sleep(PAUSE_MILLIS);
        probe.run();
        down.set(false);
        return;
      } catch (SQLException | RuntimeException e) {
        // It is still away: the next turn asks again.
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  void close() {
    closed = true;
    Thread running = prober;
    if (running != null) {
      running.interrupt();
    }
  }
}
