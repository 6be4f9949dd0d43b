package io.hadal.benchmarks.peer;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/** Processor time of the calling thread. */
final class CpuTime {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private CpuTime() {}

  /** Nanoseconds since the thread began. */
  static long now() {
    return THREADS.getCurrentThreadCpuTime();
  }
}
