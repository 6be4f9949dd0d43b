package io.hadal.engine.capacity;

import io.hadal.engine.serving.SimulatedServing;
import io.hadal.engine.serving.SimulatedServing.End;
import io.hadal.engine.serving.SimulatedServing.Result;
import io.hadal.engine.serving.SimulatedServing.Run;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What requests see at a rate; times in seconds.
 *
 * @param rate requests per second that come to one replica
 * @param refused part of them that got no answer
 * @param utilisation part of the time spent in steps
 * @param outputPerSecond tokens of answers
 * @param promptPerSecond prompt tokens, computed ones
 */
public record CapacityEstimate(
    double rate,
    double firstToken50,
    double firstToken95,
    double perToken50,
    double perToken95,
    double queue95,
    double refused,
    double utilisation,
    double outputPerSecond,
    double promptPerSecond) {

  static CapacityEstimate of(double rate, Run run) {
    List<Result> done = run.results().stream().filter(r -> r.end() == End.DONE).toList();
    double seconds = Math.max(run.seconds(), 1e-9);
    return new CapacityEstimate(
        rate,
        percentile(done, SimulatedServing.Result::firstToken, 0.50),
        percentile(done, SimulatedServing.Result::firstToken, 0.95),
        percentile(done, SimulatedServing.Result::perToken, 0.50),
        percentile(done, SimulatedServing.Result::perToken, 0.95),
        percentile(done, SimulatedServing.Result::queued, 0.95),
        1 - (double) done.size() / Math.max(1, run.results().size()),
        run.busySeconds() / seconds,
        run.generatedTokens() / seconds,
        run.promptTokens() / seconds);
  }

  private static double percentile(
      List<Result> results, ToDoubleFunction<Result> value, double part) {
    double[] sorted = results.stream().mapToDouble(value).sorted().toArray();
    return sorted.length == 0
        ? 0
        : sorted[Math.min(sorted.length - 1, (int) (sorted.length * part))];
  }
}
