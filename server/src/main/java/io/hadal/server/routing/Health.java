package io.hadal.server.routing;

/**
 * Whether an upstream is there, by what requests and probes meet. One failure may be chance; the
 * second in a row is not.
 */
final class Health {
  private static final int MOST_FAILURES = 2;

  private int failures;
  private boolean up = true;
  private long since;
  private long lastProbe;
  private String lastProblem = "";

  /** It answered, whatever it said. */
  synchronized void answered(long now) {
    failures = 0;
    lastProblem = "";
    if (!up) {
      up = true;
      since = now;
    }
  }

  /** It could not be reached, or a probe failed. */
  synchronized void failed(long now, String problem) {
    failures++;
    lastProblem = problem;
    if (up && failures >= MOST_FAILURES) {
      up = false;
      since = now;
    }
  }

  synchronized void probed(long now) {
    lastProbe = now;
  }

  synchronized boolean up() {
    return up;
  }

  /** Since when it is up or down, milliseconds since 1970; 0 for the beginning. */
  synchronized long since() {
    return since;
  }

  synchronized long lastProbe() {
    return lastProbe;
  }

  /** What the last failure was; empty when it has answered since. */
  synchronized String lastProblem() {
    return lastProblem;
  }
}
