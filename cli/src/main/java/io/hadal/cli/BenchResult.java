package io.hadal.cli;

import io.hadal.model.engram.EngramCounters;
import java.util.List;
import java.util.Locale;

/**
 * One measured test.
 *
 * @param prompt true for taking a prompt in, false for one token after the other
 * @param tokens tokens of one repetition and session
 * @param sessions timelines that are extended together
 * @param depth tokens already in the context
 * @param nanos time of each repetition
 * @param sessionBytes cached state of the session at the end
 * @param engram n-gram lookups of each repetition; empty for a model without Engram
 */
record BenchResult(
    boolean prompt,
    int tokens,
    int sessions,
    int depth,
    List<Long> nanos,
    long sessionBytes,
    List<EngramCounters> engram) {
  BenchResult {
    nanos = List.copyOf(nanos);
    engram = List.copyOf(engram);
  }

  /** N-gram lookups of an average repetition; none without Engram. */
  EngramCounters lookups() {
    EngramCounters sum = engram.stream().reduce(EngramCounters.NONE, EngramCounters::plus);
    int n = Math.max(1, engram.size());
    return new EngramCounters(
        sum.requests() / n,
        sum.rows() / n,
        sum.hits() / n,
        sum.misses() / n,
        sum.bytesRead() / n,
        sum.waitNanos() / n);
  }

  /** Name in the style of llama-bench; speeds are of all sessions together. */
  String name() {
    return (prompt ? "pp" : "tg")
        + tokens
        + (sessions == 1 ? "" : " x" + sessions)
        + (depth == 0 ? "" : " @ d" + depth);
  }

  List<Double> speeds() {
    return nanos.stream().map(n -> sessions * (tokens * 1e9 / n)).toList();
  }

  double mean() {
    return speeds().stream().mapToDouble(Double::doubleValue).average().orElse(0);
  }

  /** Sample standard deviation of the speeds, 0 for a single one. */
  double deviation() {
    List<Double> speeds = speeds();
    double mean = mean();
    double sum = speeds.stream().mapToDouble(s -> (s - mean) * (s - mean)).sum();
    return speeds.size() < 2 ? 0 : Math.sqrt(sum / (speeds.size() - 1));
  }

  double millisPerToken() {
    return nanos.stream().mapToLong(Long::longValue).average().orElse(0) / tokens / sessions / 1e6;
  }

  String speed() {
    return String.format(Locale.ROOT, "%.2f ± %.2f", mean(), deviation());
  }
}
