package io.hadal.kernels;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Fixed threads that share out the tasks of one parallel region at a time. Idle workers spin for
 * about 50 microseconds and then park, so regions that follow each other closely hand over in well
 * under a microsecond.
 */
public final class WorkerPool implements AutoCloseable {
  private static final long SPIN_NANOS = 50_000;

  /** Spins between two looks at the clock. */
  private static final int SPIN_BATCH = 64;

  /**
   * One task of a region; {@code worker} is below {@link #threads()} and unique among running
   * tasks.
   */
  @FunctionalInterface
  public interface Task {
    void run(int task, int worker);
  }

  private final int threads;
  private final boolean spin;
  private final Worker[] workers;
  private final ReentrantLock callers = new ReentrantLock();
  private volatile Region region;
  private volatile boolean closed;

  /**
   * @param threads workers including the calling thread
   */
  public WorkerPool(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("a pool needs a thread, not " + threads);
    }
    this.threads = threads;
    this.spin = threads <= Runtime.getRuntime().availableProcessors();
    this.region = new Region(0, (task, worker) -> {});
    this.workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1, region);
      workers[i].start();
    }
  }

  public int threads() {
    return threads;
  }

  /**
   * Runs tasks 0..count-1 and returns when all are done; the caller takes part as worker 0. Several
   * threads may call, one after the other gets its turn. Not reentrant. When a task throws, tasks
   * not yet started are dropped and the first exception is thrown here; the pool stays usable.
   *
   * @throws IllegalStateException when called from one of its own tasks or after {@link #close()}
   */
  public void run(int count, Task task) {
    if (callers.isHeldByCurrentThread()
        || (Thread.currentThread() instanceof Worker worker && worker.pool() == this)) {
      throw new IllegalStateException("a task may not use the pool that runs it");
    }
    callers.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the worker pool is closed");
      }
      if (count <= 0) {
        return;
      }
      Region next = new Region(count, task);
      if (workers.length > 0 && count > 1) {
        publish(next);
      }
      next.work(0);
      await(next);
      next.rethrow();
    } finally {
      callers.unlock();
    }
  }

  private void publish(Region next) {
    region = next;
    for (Worker worker : workers) {
      if (worker.parked) {
        LockSupport.unpark(worker);
      }
    }
  }

  private void await(Region current) {
    if (current.finished() || (spin && spinUntilFinished(current))) {
      return;
    }
    boolean interrupted = false;
    current.waiter = Thread.currentThread();
    while (!current.finished()) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean spinUntilFinished(Region current) {
    long start = System.nanoTime();
    do {
      for (int i = 0; i < SPIN_BATCH; i++) {
        if (current.finished()) {
          return true;
        }
        Thread.onSpinWait();
      }
    } while (System.nanoTime() - start < SPIN_NANOS);
    return false;
  }

  /** Stops the threads. Waits for a region that runs. */
  @Override
  public void close() {
    callers.lock();
    try {
      closed = true;
      for (Worker worker : workers) {
        LockSupport.unpark(worker);
      }
    } finally {
      callers.unlock();
    }
  }

  /**
   * The tasks of one call. A worker that comes late meets a region without tasks left, so nobody
   * has to wait for workers to leave.
   */
  private static final class Region {
    private final int count;
    private final Task task;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    volatile @Nullable Thread waiter;

    Region(int count, Task task) {
      this.count = count;
      this.task = task;
    }

    boolean finished() {
      return done.get() == count;
    }

    void work(int worker) {
      while (next.get() < count) {
        int i = next.getAndIncrement();
        if (i >= count) {
          return;
        }
        try {
          if (failure.get() == null) {
            task.run(i, worker);
          }
        } catch (Throwable t) {
          failure.compareAndSet(null, t);
        } finally {
          finish();
        }
      }
    }

    private void finish() {
      if (done.incrementAndGet() == count) {
        Thread thread = waiter;
        if (thread != null) {
          LockSupport.unpark(thread);
        }
      }
    }

    void rethrow() {
      switch (failure.get()) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable t -> throw new IllegalStateException(t);
      }
    }
  }

  private final class Worker extends Thread {
    private final int id;
    private Region last;
    volatile boolean parked;

    Worker(int id, Region last) {
      super("hadal-worker-" + id);
      this.id = id;
      this.last = last;
      setDaemon(true);
    }

    WorkerPool pool() {
      return WorkerPool.this;
    }

    @Override
    public void run() {
      while (!closed) {
        if (region == last && (!spin || !spinForRegion())) {
          parkForRegion();
        }
        Region current = region;
        if (current != last) {
          last = current;
          current.work(id);
        }
      }
    }

    private boolean spinForRegion() {
      long start = System.nanoTime();
      do {
        for (int i = 0; i < SPIN_BATCH; i++) {
          if (region != last) {
            return true;
          }
          Thread.onSpinWait();
        }
      } while (System.nanoTime() - start < SPIN_NANOS && !closed);
      return false;
    }

    private void parkForRegion() {
      parked = true;
      // The caller writes the region before it reads the flag, so one of the two sees the other.
      while (region == last && !closed) {
        LockSupport.park(WorkerPool.this);
        Thread.interrupted();
      }
      parked = false;
    }
  }
}
