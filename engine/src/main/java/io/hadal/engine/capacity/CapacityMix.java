package io.hadal.engine.capacity;

import java.util.ArrayList;
import java.util.List;

/**
 * A day that some replicas serve, and an upstream what goes beyond them.
 *
 * @param replicas that run all day
 * @param localPerHour USD an hour for them
 * @param routedPerHour USD an hour for what is routed, on average
 * @param routed part of all requests that is routed
 */
public record CapacityMix(int replicas, double localPerHour, double routedPerHour, double routed) {
  private static final int MOST_REPLICAS = 4096;

  /** USD an hour. */
  public double perHour() {
    return localPerHour + routedPerHour;
  }

  /**
   * What an upstream takes, in USD for a million tokens.
   *
   * @param prompt those of prompts that it has not cached
   * @param cached those that it has
   * @param output those of answers
   */
  public record Price(double prompt, double cached, double output) {
    /** USD for a request. */
    double of(Workload.Tokens tokens) {
      return (prompt * tokens.prompt() + cached * tokens.cached() + output * tokens.output()) / 1e6;
    }
  }

  /**
   * All mixes, from no replica to as many as the busiest hour needs. Requests of all hours are
   * alike; each replica takes up to its most, and the rest is routed.
   *
   * @param rate mean requests per second of all together
   * @param most requests per second that a replica takes within the goal
   * @param usdPerHour of a replica
   */
  public static List<CapacityMix> all(
      Workload workload, double rate, double most, double usdPerHour, Price price) {
    double each = price.of(workload.meanTokens());
    double peak = workload.hours().stream().mapToDouble(f -> f * rate).max().orElse(rate);
    int needed = most > 0 ? (int) Math.min(MOST_REPLICAS, Math.ceil(peak / most - 1e-9)) : 0;
    List<CapacityMix> mixes = new ArrayList<>();
    for (int replicas = 0; replicas <= needed; replicas++) {
      double local = replicas * most;
      double beyond =
          workload.hours().stream()
              .mapToDouble(f -> Math.max(0, f * rate - local))
              .average()
              .orElse(0);
      mixes.add(
          new CapacityMix(replicas, replicas * usdPerHour, beyond * 3600 * each, beyond / rate));
    }
    return mixes;
  }

  /** The cheapest of some mixes; of equals the one with fewest replicas. */
  public static CapacityMix cheapest(List<CapacityMix> mixes) {
    CapacityMix best = mixes.getFirst();
    for (CapacityMix mix : mixes) {
      if (mix.perHour() < best.perHour()) {
        best = mix;
      }
    }
    return best;
  }
}
