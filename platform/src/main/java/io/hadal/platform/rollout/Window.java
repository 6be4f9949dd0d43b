package io.hadal.platform.rollout;

import io.hadal.platform.rollout.Guard.Metric;
import io.hadal.platform.rollout.Observation.Check;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** The last answers of a version, with counts of what was good and bad. */
final class Window {
  static final int SIZE = 500;

  private final Deque<Observation> last = new ArrayDeque<>();
  private final int[] total = new int[Metric.values().length];
  private final int[] bad = new int[Metric.values().length];

  void add(Observation observation) {
    last.addLast(observation);
    count(observation, 1);
    if (last.size() > SIZE) {
      count(last.removeFirst(), -1);
    }
  }

  private void count(Observation o, int change) {
    count(Metric.ERROR_RATE, o.failed(), change);
    if (o.calls() != Check.NONE) {
      count(Metric.TOOL_PARSE_FAILURES, o.calls() == Check.BAD, change);
    }
    if (o.schema() != Check.NONE) {
      count(Metric.SCHEMA_FAILURES, o.schema() == Check.BAD, change);
    }
    if (!o.failed()) {
      count(Metric.REFUSAL_RATE, o.refused(), change);
    }
  }

  private void count(Metric metric, boolean isBad, int change) {
    total[metric.ordinal()] += change;
    bad[metric.ordinal()] += isBad ? change : 0;
  }

  int size() {
    return last.size();
  }

  /** Answers that count for a rate. */
  int total(Metric metric) {
    return total[metric.ordinal()];
  }

  /** Those of them that are bad. */
  int bad(Metric metric) {
    return bad[metric.ordinal()];
  }

  /** Times of a metric in ascending order. */
  long[] times(Metric metric) {
    long[] times =
        last.stream()
            .mapToLong(o -> metric == Metric.TTFT_P95 ? o.firstTokenMillis() : o.tokenMicros())
            .filter(t -> t >= 0)
            .toArray();
    Arrays.sort(times);
    return times;
  }
}
