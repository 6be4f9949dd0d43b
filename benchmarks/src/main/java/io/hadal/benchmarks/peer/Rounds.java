package io.hadal.benchmarks.peer;

import java.util.Arrays;
import java.util.List;

/**
 * Times of interleaved rounds: in each every side runs the same unit once, and who begins rotates.
 * Times are processor time of the working thread, so that other work on the machine counts little.
 */
final class Rounds {
  /** Nanoseconds of [side][round]. */
  private final double[][] times;

  Rounds(double[][] times) {
    this.times = times;
  }

  /**
   * Warms all sides up, then measures.
   *
   * @param units the sides' units, visited in turn
   * @param warmUpSeconds processor time for each side
   */
  static Rounds measure(List<? extends Side> sides, int units, int rounds, double warmUpSeconds) {
    int unit = 0;
    long[] warm = new long[sides.size()];
    do {
      for (int s = 0; s < warm.length; s++) {
        warm[s] += sides.get(s).run(unit);
      }
      unit = (unit + 1) % units;
    } while (Arrays.stream(warm).min().orElseThrow() < warmUpSeconds * 1e9);
    double[][] times = new double[sides.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < sides.size(); i++) {
        int s = (i + round) % sides.size();
        times[s][round] = sides.get(s).run(unit);
      }
      unit = (unit + 1) % units;
    }
    return new Rounds(times);
  }

  /** Nanoseconds of a side. */
  double median(int side) {
    return quantile(times[side], 0.5);
  }

  /** How much faster a side is than another: the median of the rounds' ratios. */
  double ratio(int side, int other) {
    double[] ratios = new double[times[side].length];
    Arrays.setAll(ratios, round -> times[other][round] / times[side][round]);
    return quantile(ratios, 0.5);
  }

  static double quantile(double[] values, double q) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.round(q * (sorted.length - 1))];
  }

  double quantile(int side, double q) {
    return quantile(times[side], q);
  }
}
