package io.hadal.kernels;

import io.hadal.kernels.foreign.ThreadPriority;

/**
 * A daemon thread for work that nobody waits for. Beside the threads of requests and the JIT
 * compiler it gets a smaller share of the processors where the system lets it ask for one (Linux).
 */
public final class BackgroundThread {
  /** About a tenth of what another thread gets. */
  private static final int NICE = 10;

  private BackgroundThread() {}

  /** Starts one. */
  public static Thread start(String name, Runnable work) {
    Thread thread =
        new Thread(
            () -> {
              ThreadPriority.lower(NICE);
              work.run();
            },
            name);
    thread.setDaemon(true);
    thread.setPriority(Thread.MIN_PRIORITY);
    thread.start();
    return thread;
  }
}
