package io.hadal.model.engram;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads that wait for a disk. Rows lie at random places, so the disk works in parallel only if
 * many reads are under way; a buffered file read blocks its thread, virtual ones included, hence
 * platform threads. They end when idle. Several tables share one pool.
 */
public final class ReadPool implements AutoCloseable {
  /** Enough reads in flight to keep a solid-state disk busy. */
  public static final int DEFAULT_THREADS = 32;

  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final ThreadPoolExecutor executor;

  /**
   * @param threads reads in flight
   */
  public ReadPool(int threads) {
    executor =
        new ThreadPoolExecutor(
            threads,
            threads,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task ->
                Thread.ofPlatform()
                    .daemon()
                    .name("engram-read-" + NUMBER.incrementAndGet())
                    .unstarted(task));
    executor.allowCoreThreadTimeOut(true);
  }

  int threads() {
    return executor.getMaximumPoolSize();
  }

  /**
   * Runs a task some time.
   *
   * @throws java.util.concurrent.RejectedExecutionException when closed
   */
  void execute(Runnable task) {
    executor.execute(task);
  }

  /** Finishes the reads under way and takes no more. */
  @Override
  public void close() {
    // No interrupt: it would close the files under other readers.
    executor.shutdown();
  }
}
