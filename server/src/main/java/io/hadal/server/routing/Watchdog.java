package io.hadal.server.routing;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Looks after streams whose threads wait for an upstream. */
final class Watchdog implements AutoCloseable {
  private static final long LOOK_MILLIS = 100;

  private final Set<RelayWatch> watches = ConcurrentHashMap.newKeySet();
  private volatile boolean ended;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("hadal-upstream-watchdog").daemon().factory());

  Watchdog() {
    var _ =
        timer.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
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
    timer.shutdownNow();
  }
}
