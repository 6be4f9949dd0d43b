package io.hadal.server.routing;

import java.util.concurrent.TimeUnit;

/** How the last calls went: at most 50, none older than a minute (platform specification, 2.8). */
final class CallWindow {
  private static final int MOST_CALLS = 50;
  private static final int LEAST_CALLS = 10;
  private static final long NANOS = TimeUnit.SECONDS.toNanos(60);
  static final int FAILURE_PERCENT = 50;
  static final int SLOW_PERCENT = 80;

  private final long[] at = new long[MOST_CALLS];
  private final boolean[] failed = new boolean[MOST_CALLS];
  private final boolean[] slow = new boolean[MOST_CALLS];
  private int next;
  private int size;

  /** Notes a call, and says whether there were too many that failed or were slow. */
  synchronized boolean add(boolean callFailed, boolean callSlow, long now) {
    at[next] = now;
    failed[next] = callFailed;
    slow[next] = callSlow;
    next = (next + 1) % MOST_CALLS;
    size = Math.min(size + 1, MOST_CALLS);
    return percent(failed, now) >= FAILURE_PERCENT || percent(slow, now) >= SLOW_PERCENT;
  }

  /** Part of the calls that failed, percent; -1 while there are too few. */
  synchronized double failurePercent(long now) {
    return percent(failed, now);
  }

  private double percent(boolean[] which, long now) {
    int calls = 0;
    int found = 0;
    for (int i = 0; i < size; i++) {
      if (now - at[i] < NANOS) {
        calls++;
        found += which[i] ? 1 : 0;
      }
    }
    return calls < LEAST_CALLS ? -1 : 100.0 * found / calls;
  }

  synchronized void clear() {
    size = 0;
    next = 0;
  }
}
