package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Sampler;
import java.util.Arrays;

/** Comparisons of logits. */
final class Rows {
  /** Rounding noise of f32 arithmetic. */
  static final double LIMIT = 2e-4;

  private Rows() {}

  /** Largest distance, with NaN as far as can be. */
  static double distance(float[] actual, int from, float[] expected, int expectedFrom, int n) {
    double max = 0;
    for (int i = 0; i < n; i++) {
      double d = Math.abs((double) actual[from + i] - expected[expectedFrom + i]);
      max = Math.max(max, Double.isNaN(d) ? Double.POSITIVE_INFINITY : d);
    }
    return max;
  }

  static double distance(float[][] a, float[][] b) {
    double max = 0;
    for (int i = 0; i < a.length; i++) {
      max = Math.max(max, distance(a[i], 0, b[i], 0, a[i].length));
    }
    return max;
  }

  /** Compares rows with every tensor the golden has of them. */
  static void near(GoldenModel golden, String key, float[][] rows) {
    near(golden, key, rows, LIMIT);
  }

  /** As above, with a limit of one's own. */
  static void near(GoldenModel golden, String key, float[][] rows, double limit) {
    int n = rows.length;
    int vocab = rows[0].length;
    assertThat(golden.has(key + ".full") || golden.has(key + ".sampled")).as(key).isTrue();
    double max = 0;
    if (golden.has(key + ".last")) {
      max = Math.max(max, distance(rows[n - 1], 0, golden.floats(key + ".last"), 0, vocab));
    }
    if (golden.has(key + ".full")) {
      float[] full = golden.floats(key + ".full");
      assertThat(full).as(key).hasSize(n * vocab);
      for (int i = 0; i < n; i++) {
        max = Math.max(max, distance(rows[i], 0, full, i * vocab, vocab));
      }
    }
    if (golden.has(key + ".sampled")) {
      float[] sampled = golden.floats(key + ".sampled");
      int width = golden.sampleIds().length;
      assertThat(sampled).as(key).hasSize(n * width);
      for (int i = 0; i < n; i++) {
        max = Math.max(max, distance(pick(golden, rows[i], 0), 0, sampled, i * width, width));
      }
    }
    if (golden.has(key + ".lse")) {
      float[] lse = golden.floats(key + ".lse");
      for (int i = 0; i < n; i++) {
        max = Math.max(max, Math.abs(logSumExp(rows[i]) - lse[i]));
      }
    }
    assertThat(max).as("distance of " + key).isLessThanOrEqualTo(limit);
    if (golden.has(key + ".argmax")) {
      assertThat(Arrays.stream(rows).mapToInt(Sampler::argmax).toArray())
          .as(key)
          .containsExactly(golden.ints(key + ".argmax"));
    }
  }

  /** The values at the golden's sampled ids. */
  static float[] pick(GoldenModel golden, float[] row, int offset) {
    int[] ids = golden.sampleIds();
    float[] out = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      out[i] = row[offset + ids[i]];
    }
    return out;
  }

  private static double logSumExp(float[] row) {
    double max = row[Sampler.argmax(row)];
    double sum = 0;
    for (float v : row) {
      sum += Math.exp(v - max);
    }
    return max + Math.log(sum);
  }

  /** Asserts identical bits. */
  static void same(String what, float[] actual, float[] expected) {
    // Arrays.equals compares floats by their bits, up to the kind of NaN.
    if (!Arrays.equals(actual, expected)) {
      assertThat(actual).as(what).containsExactly(expected);
    }
  }

  static void same(String what, float[][] actual, float[][] expected) {
    assertThat(actual.length).as(what).isEqualTo(expected.length);
    for (int i = 0; i < actual.length; i++) {
      same(what + " at " + i, actual[i], expected[i]);
    }
  }
}
