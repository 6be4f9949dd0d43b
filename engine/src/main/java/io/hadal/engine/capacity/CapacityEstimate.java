package io.hadal.engine.capacity;

import io.hadal.engine.serving.SimulatedRequest;
import io.hadal.engine.serving.SimulatedServing;
import io.hadal.engine.serving.SimulatedServing.End;
import io.hadal.engine.serving.SimulatedServing.Result;
import io.hadal.engine.serving.SimulatedServing.Run;
import java.util.List;
import java.util.function.Predicate;
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
    return of(rate, run, request -> true);
  }

  /**
   * What some of the requests see; the last three figures are still those of all.
   *
   * @param rate of all requests
   */
  static CapacityEstimate of(double rate, Run run, Predicate<SimulatedRequest> some) {
    List<Result> results = run.results().stream().filter(r -> some.test(r.request())).toList();
    List<Result> done = results.stream().filter(r -> r.end() == End.DONE).toList();
    double seconds = Math.max(run.seconds(), 1e-9);
    return new CapacityEstimate(
        rate,
        percentile(done, SimulatedServing.Result::firstToken, 0.50),
        percentile(done, SimulatedServing.Result::firstToken, 0.95),
        percentile(done, SimulatedServing.Result::perToken, 0.50),
        percentile(done, SimulatedServing.Result::perToken, 0.95),
        percentile(done, SimulatedServing.Result::queued, 0.95),
        results.isEmpty() ? 0 : 1 - (double) done.size() / results.size(),
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
