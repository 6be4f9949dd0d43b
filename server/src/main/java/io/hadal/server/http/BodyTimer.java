package io.hadal.server.http;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Interrupts threads that wait too long for the body of a request. One look a second at those that
 * wait costs a request next to nothing, and nothing stays of it when its body has come.
 */
final class BodyTimer {
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(300);

  private static final Set<Waiting> WAITING = ConcurrentHashMap.newKeySet();

  private static final ScheduledExecutorService TIMER =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("hadal-body-timer").daemon().factory());

  static {
    var _ = TIMER.scheduleWithFixedDelay(BodyTimer::look, 1, 1, TimeUnit.SECONDS);
  }

  private BodyTimer() {}

  /** A thread that waits. */
  static final class Waiting implements AutoCloseable {
    private final Thread thread = Thread.currentThread();
    private final long since = System.nanoTime();

    @Override
    public void close() {
      WAITING.remove(this);
    }
  }

  /** The calling thread waits from now on, until what it gets is closed. */
  static Waiting begin() {
    Waiting waiting = new Waiting();
    WAITING.add(waiting);
    return waiting;
  }

  private static void look() {
    long now = System.nanoTime();
    for (Waiting waiting : List.copyOf(WAITING)) {
      if (now - waiting.since > MOST_NANOS && WAITING.remove(waiting)) {
        waiting.thread.interrupt();
      }
    }
  }
}
