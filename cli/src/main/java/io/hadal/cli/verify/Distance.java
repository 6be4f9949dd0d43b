package io.hadal.cli.verify;

import java.util.Arrays;

/** Distances between what was computed and what was expected. */
final class Distance {
  private Distance() {}

  /** Largest absolute difference; NaN on one side only counts as infinite. */
  static double max(float[] actual, int offset, float[] expected, int expectedOffset, int n) {
    double max = 0;
    for (int i = 0; i < n; i++) {
      float a = actual[offset + i];
      float e = expected[expectedOffset + i];
      if (Float.compare(a, e) == 0) {
        continue;
      }
      double d = Math.abs((double) a - e);
      max = Math.max(max, Double.isNaN(d) ? Double.POSITIVE_INFINITY : d);
    }
    return max;
  }

  static double max(float[] actual, float[] expected) {
    if (actual.length != expected.length) {
      return Double.POSITIVE_INFINITY;
    }
    return max(actual, 0, expected, 0, expected.length);
  }

  /** Largest finite magnitude, at least 1: the scale of a relative limit. */
  static double scale(float[] expected) {
    double max = 1;
    for (float v : expected) {
      if (Float.isFinite(v)) {
        max = Math.max(max, Math.abs(v));
      }
    }
    return max;
  }

  static double cosine(float[] row, float[] expected, int offset) {
    double dot = 0;
    double a = 0;
    double b = 0;
    for (int i = 0; i < row.length; i++) {
      dot += (double) row[i] * expected[offset + i];
      a += (double) row[i] * row[i];
      b += (double) expected[offset + i] * expected[offset + i];
    }
    return dot / Math.sqrt(a * b);
  }

  static double quantile(double[] values, double q) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted.length == 0 ? 0 : sorted[(int) Math.round(q * (sorted.length - 1))];
  }

  static float[] pick(float[] row, int[] ids) {
    float[] out = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      out[i] = row[ids[i]];
    }
    return out;
  }

  static double logSumExp(float[] row) {
    double max = Double.NEGATIVE_INFINITY;
    for (float v : row) {
      max = Math.max(max, v);
    }
    double sum = 0;
    for (float v : row) {
      sum += Math.exp(v - max);
    }
    return max + Math.log(sum);
  }
}
