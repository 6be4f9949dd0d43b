package io.hadal.model.engram;

import io.hadal.formats.FormatException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Rows of one lookup in a file table. It runs on any number of threads at once, each taking the
 * next missing row: where the operating system still holds the file in memory the first is done
 * before the others wake up, where the disk is slow all of them wait together.
 */
final class RowRequest implements Prefetch, Runnable {
  private final FileTable table;
  private final DistinctRows distinct;
  private final RowBuffer buffer;
  private final int[] missing;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger pending;
  private final CountDownLatch fetched = new CountDownLatch(1);
  // The reader and the fetching threads; the last one gives the buffer back.
  private final AtomicInteger users = new AtomicInteger(2);
  private volatile boolean cancelled;
  private volatile @Nullable Throwable failure;
  private boolean closed;

  /**
   * @param buffer holds the cached rows already
   * @param missing indices of the other distinct rows
   */
  RowRequest(FileTable table, DistinctRows distinct, RowBuffer buffer, int[] missing) {
    this.table = table;
    this.distinct = distinct;
    this.buffer = buffer;
    this.missing = missing;
    this.pending = new AtomicInteger(missing.length * table.parts());
    if (missing.length == 0) {
      finish();
    }
  }

  @Override
  public void run() {
    int parts = table.parts();
    int reads = missing.length * parts;
    for (int i = next.getAndIncrement(); i < reads; i = next.getAndIncrement()) {
      int at = missing[i / parts];
      int part = i % parts;
      if (!cancelled) {
        attempt(() -> table.fetch(part, distinct.rows()[at], buffer, at));
      }
      if (pending.decrementAndGet() == 0) {
        if (!cancelled) {
          attempt(() -> table.keep(distinct.rows(), missing, buffer));
        }
        finish();
      }
    }
  }

  /** Whatever goes wrong, running out of memory included, must reach the waiting reader. */
  private void attempt(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      failure = e;
      cancelled = true;
    }
  }

  private void finish() {
    fetched.countDown();
    leave();
  }

  private void leave() {
    if (users.decrementAndGet() == 0) {
      table.release(buffer);
    }
  }

  @Override
  public int count() {
    return distinct.index().length;
  }

  @Override
  public void read(float[] out, int outOffset) {
    if (closed) {
      throw new IllegalStateException("the rows have been closed");
    }
    await();
    Throwable failed = failure;
    if (failed instanceof FormatException bad) {
      throw bad;
    } else if (failed != null) {
      throw new IllegalStateException("rows of " + table.name() + " could not be read", failed);
    }
    int width = table.width();
    for (int i = 0; i < count(); i++) {
      int at = distinct.index()[i];
      table.decode(buffer, at, distinct.rows()[at], out, outOffset + i * width);
    }
  }

  /** Reads are short and bounded, so an interrupt is kept for later. */
  private void await() {
    if (fetched.getCount() == 0) {
      return;
    }
    long start = System.nanoTime();
    boolean interrupted = false;
    while (true) {
      try {
        fetched.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    table.waited(System.nanoTime() - start);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      cancelled = true;
      leave();
    }
  }
}
