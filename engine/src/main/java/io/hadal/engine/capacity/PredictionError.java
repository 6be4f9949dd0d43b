package io.hadal.engine.capacity;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * How far steps were from predictions that were made before them.
 *
 * @param steps how many are counted
 * @param median relative distance, half of them stay within
 * @param p95 relative distance that 95 % stay within
 * @param ratio time they took as part of the predicted one, the median: 2 for half as fast
 */
public record PredictionError(int steps, double median, double p95, double ratio) {
  static final PredictionError NONE = new PredictionError(0, 0, 0, 0);

  static PredictionError of(double[] ratios) {
    if (ratios.length == 0) {
      return NONE;
    }
    double[] distances =
        DoubleStream.of(ratios).map(ratio -> Math.abs(ratio - 1)).sorted().toArray();
    double[] sorted = ratios.clone();
    Arrays.sort(sorted);
    int n = ratios.length;
    return new PredictionError(
        n, distances[n / 2], distances[Math.min(n - 1, (int) (n * 0.95))], sorted[n / 2]);
  }
}
