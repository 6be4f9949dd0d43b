package io.hadal.cli;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets long work end by itself when the process is asked to stop (Ctrl-C): the request becomes
 * visible here, and the JVM waits a moment for the work to say its last words. The exit code is
 * then the JVM's own for the signal, 130 for Ctrl-C.
 */
final class Interruption implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 10;

  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook = new Thread(this::stop, "hadal-interruption");
  private final long patience;
  private volatile boolean requested;

  private Interruption(long patience) {
    this.patience = patience;
  }

  /** Starts to listen; close it when the work is over. */
  static Interruption listen() {
    return listen(PATIENCE_SECONDS);
  }

  /** The same for work that may take some seconds to put its result in safety. */
  static Interruption listen(long patienceSeconds) {
    Interruption interruption = new Interruption(patienceSeconds);
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  private void stop() {
    requested = true;
    try {
      finished.await(patience, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  boolean requested() {
    return requested;
  }

  /**
   * Ends the work here if that was asked for.
   *
   * @throws CancellationException then
   */
  void check() {
    if (requested) {
      throw new CancellationException();
    }
  }

  @Override
  public void close() {
    if (!requested) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The request came in this very moment; the hook ends below.
      }
    }
    finished.countDown();
  }
}
