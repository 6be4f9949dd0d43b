package io.hadal.server.routing;

import io.hadal.platform.PeriodicTask;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Looks after streams whose threads wait for an upstream. */
final class Watchdog implements AutoCloseable {
  private static final long LOOK_MILLIS = 100;

  private final Set<RelayWatch> watches = ConcurrentHashMap.newKeySet();
  private volatile boolean ended;
  private final PeriodicTask timer = new PeriodicTask("hadal-upstream-watchdog", this::look);

  Watchdog() {
    timer.every(Duration.ofMillis(LOOK_MILLIS));
  }

  private void look() {
    long now = System.nanoTime();
    for (RelayWatch watch : watches) {
      watch.look(now);
    }
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
    watches.forEach(RelayWatch::end);
  }

  void remove(RelayWatch watch) {
    watches.remove(watch);
  }

  @Override
  public void close() {
    timer.close();
  }
}
