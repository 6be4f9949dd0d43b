package io.hadal.kernels;

/** Fixed threads that share out the tasks of one parallel region at a time. */
public final class WorkerPool implements AutoCloseable {

  /**
   * One task of a region; {@code worker} is below {@link #threads()} and unique among running
   * tasks.
   */
  @FunctionalInterface
  public interface Task {
    void run(int task, int worker);
  }

  private final int threads;

  public WorkerPool(int threads) {
    this.threads = threads;
  }

  public int threads() {
    return threads;
  }

  /** Runs tasks 0..count-1 and returns when all are done; the caller takes part. Not reentrant. */
  public void run(int count, Task task) {
    for (int i = 0; i < count; i++) {
      task.run(i, 0);
    }
  }

  @Override
  public void close() {}
}
