package io.hadal.server.routing;

import io.hadal.platform.PeriodicTask;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Looks after streams whose threads wait for an upstream. */
final class Watchdog implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.routing");
  private static final long LOOK_MILLIS = 100;

  private final Set<RelayWatch> watches = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean failing = new AtomicBoolean();
  private volatile boolean ended;
  private final PeriodicTask timer = new PeriodicTask("hadal-upstream-watchdog", this::look);

  Watchdog() {
    timer.every(Duration.ofMillis(LOOK_MILLIS));
  }

  private void look() {
    long now = System.nanoTime();
    if (each(watch -> watch.look(now))) {
      failing.set(false);
    }
  }

  /** False when it failed for one; those behind it are not left out. */
  private boolean each(Consumer<RelayWatch> action) {
    boolean all = true;
    for (RelayWatch watch : watches) {
      try {
        action.accept(watch);
      } catch (RuntimeException e) {
        all = false;
        // Of a row of failures the first: it looks ten times a second.
        if (!failing.getAndSet(true)) {
          LOG.log(Level.WARNING, "a request at an upstream cannot be looked after", e);
        }
      }
    }
    return all;
  }

  void add(RelayWatch watch) {
    watches.add(watch);
    if (ended) {
      watch.end();
    }
  }

  /** Ends all streams, and those that are still to come. */
  void end() {
    ended = true;
    each(RelayWatch::end);
  }

  void remove(RelayWatch watch) {
    watches.remove(watch);
  }

  @Override
  public void close() {
    timer.close();
  }
}
