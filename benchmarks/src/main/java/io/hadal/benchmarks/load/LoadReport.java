package io.hadal.benchmarks.load;

import io.hadal.benchmarks.load.LoadClient.Outcome;
import io.hadal.benchmarks.load.LoadClient.Result;
import java.util.EnumMap;
import java.util.Map;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Figures of one load. Any thread. */
final class LoadReport {
  private static final long LONGEST = 3_600_000_000_000L;

  private final Histogram first = new ConcurrentHistogram(1000, LONGEST, 3);
  private final Histogram each = new ConcurrentHistogram(1000, LONGEST, 3);
  private final Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
  private long tokens;
  private @Nullable String failure;

  synchronized void add(Result result) {
    outcomes.merge(result.outcome(), 1, Integer::sum);
    tokens += result.tokens();
    if (result.outcome() == Outcome.FAILED && failure == null) {
      failure = result.detail();
    }
    if (result.outcome() == Outcome.OK && result.firstNanos() > 0) {
      first.recordValue(result.firstNanos());
      if (result.tokens() > 1) {
        each.recordValue((result.lastNanos() - result.firstNanos()) / (result.tokens() - 1));
      }
    }
  }

  synchronized int count(Outcome outcome) {
    return outcomes.getOrDefault(outcome, 0);
  }

  /** What went wrong first; null for nothing. */
  synchronized @Nullable String failure() {
    return failure;
  }

  /** A line with counts, rate and percentiles. */
  synchronized String line(String name, double seconds) {
    return "%s: %d ok, %d refused, %d left, %d failed; %,.0f tokens/s; first token %s; each token %s"
        .formatted(
            name,
            count(Outcome.OK),
            count(Outcome.REFUSED),
            count(Outcome.LEFT),
            count(Outcome.FAILED),
            tokens / seconds,
            percentiles(first),
            percentiles(each));
  }

  private static String percentiles(Histogram histogram) {
    return "p50 %.1f p95 %.1f p99 %.1f ms"
        .formatted(
            histogram.getValueAtPercentile(50) / 1e6,
            histogram.getValueAtPercentile(95) / 1e6,
            histogram.getValueAtPercentile(99) / 1e6);
  }
}
