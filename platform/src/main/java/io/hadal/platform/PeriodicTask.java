package io.hadal.platform;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Work that a daemon thread of its own repeats until it is closed. A run that fails is told, of a
 * row of them the first, and does not end the repetition as it would in a plain scheduler.
 */
public final class PeriodicTask implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.platform");

  private final String name;
  private final Runnable work;
  private final ScheduledExecutorService thread;
  // Of the thread alone.
  private boolean failing;

  /**
   * Work that has not begun.
   *
   * @param name of the thread
   */
  public PeriodicTask(String name, Runnable work) {
    this.name = name;
    this.work = work;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name(name).daemon().factory());
  }

  /** Repeats it from now on, the first time after a pause. */
  public void every(Duration pause) {
    long nanos = pause.toNanos();
    var _ = thread.scheduleWithFixedDelay(this::run, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /** Does it soon as well; nothing happens when this is closed. */
  public void soon() {
    try {
      thread.execute(this::run);
    } catch (RejectedExecutionException e) {
      // Closed in this very moment.
      return;
    }
  }

  private void run() {
    try {
      work.run();
      failing = false;
    } catch (Throwable e) {
      // Errors too: a scheduler drops what throws, without a word.
      if (!failing) {
        failing = true;
        LOG.log(Level.WARNING, name + " has failed; it is tried again", e);
      }
    }
  }

  /** Ends it at once: a run under way is interrupted. */
  @Override
  public void close() {
    thread.shutdownNow();
  }

  /** Ends it; a run under way has some time before it is interrupted. */
  public void close(Duration patience) {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
