package io.hadal.platform.rollout;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Watches a running rollout on this node. */
final class Monitor {
  /** Answers of the candidate up to which every one is judged, and then every eighth. */
  private static final int CLOSELY = 128;

  private final String candidate;
  private final List<Guard> guards;
  private final Window baselineWindow = new Window();
  private final Window candidateWindow = new Window();
  private long seen;
  private @Nullable String breach;
  private long triedAt = Long.MIN_VALUE;

  Monitor(String candidate, List<Guard> guards) {
    this.candidate = candidate;
    this.guards = guards;
  }

  /** Takes an answer in; the broken guard, from then on always, or null. */
  synchronized @Nullable String observe(String version, Observation observation) {
    if (!version.equals(candidate)) {
      baselineWindow.add(observation);
      return breach;
    }
    candidateWindow.add(observation);
    seen++;
    if (breach == null && (seen <= CLOSELY || seen % 8 == 0)) {
      for (Guard guard : guards) {
        breach = GuardTest.breach(guard, baselineWindow, candidateWindow);
        if (breach != null) {
          break;
        }
      }
    }
    return breach;
  }

  /** True once in a while: not every request should try what has failed before. */
  synchronized boolean mayTry(long now, long pause) {
    if (triedAt != Long.MIN_VALUE && now - triedAt < pause) {
      return false;
    }
    triedAt = now;
    return true;
  }

  synchronized int baselineSeen() {
    return baselineWindow.size();
  }

  synchronized int candidateSeen() {
    return candidateWindow.size();
  }
}
