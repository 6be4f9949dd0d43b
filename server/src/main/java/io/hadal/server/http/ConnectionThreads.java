package io.hadal.server.http;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Threads of the platform for a bounded number of connections; further ones stay on their virtual
 * threads. What comes in for a virtual thread wakes a poller, which wakes a carrier, and at a low
 * rate each of them sleeps on an idle core. A thread of the platform is woken by the system itself.
 */
final class ConnectionThreads implements AutoCloseable {
  private static final int IDLE_SECONDS = 60;

  /** What serves a connection. */
  @FunctionalInterface
  interface Work {
    void run() throws InterruptedException;
  }

  private final ThreadPoolExecutor threads;

  /**
   * @param most connections with a thread of the platform
   */
  ConnectionThreads(int most) {
    this.threads =
        new ThreadPoolExecutor(
            0,
            most,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Thread.ofPlatform().name("hadal-connection-", 0).daemon().factory());
  }

  /** Runs work to its end, as if on the calling thread: it throws and is interrupted alike. */
  void run(Work work) throws InterruptedException {
    Run run = new Run(work);
    try {
      threads.execute(run);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      // No thread is left, here or in the system.
      work.run();
      return;
    }
    boolean interrupted = false;
    while (true) {
      try {
        run.over.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
        run.interrupt();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    switch (run.failure) {
      case null -> {}
      case InterruptedException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(run.failure);
    }
  }

  private static final class Run implements Runnable {
    private final Work work;
    private final CountDownLatch over = new CountDownLatch(1);
    private @Nullable Thread thread;
    private boolean interrupted;
    private @Nullable Throwable failure;

    Run(Work work) {
      this.work = work;
    }

    @Override
    public void run() {
      synchronized (this) {
        thread = Thread.currentThread();
        if (interrupted) {
          thread.interrupt();
        }
      }
      try {
        work.run();
      } catch (Throwable e) {
        failure = e;
      }
      synchronized (this) {
        // The thread goes on with another connection.
        thread = null;
      }
      over.countDown();
    }

    synchronized void interrupt() {
      interrupted = true;
      if (thread != null) {
        thread.interrupt();
      }
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
