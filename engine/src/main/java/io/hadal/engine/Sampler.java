package io.hadal.engine;

import java.util.Arrays;
import java.util.Comparator;

/**
 * Chooses tokens from logits. The random number of a position depends on seed and position alone,
 * so a choice does not depend on what else runs, nor on speculation.
 */
public final class Sampler {
  private final SamplingOptions options;
  private final int banned;

  public Sampler(SamplingOptions options) {
    this(options, -1);
  }

  /**
   * A sampler that never chooses one of the tokens.
   *
   * @param banned its id, -1 for none
   */
  public Sampler(SamplingOptions options, int banned) {
    this.options = options;
    this.banned = banned;
  }

  /**
   * The token at a position.
   *
   * @throws UnusableLogitsException when no logit is a number: the weights are damaged
   */
  public int sample(float[] raw, int position) {
    float[] logits = banned < 0 ? raw : without(raw, banned);
    int best = argmax(logits);
    if (options.temperature() == 0) {
      return best;
    }
    Integer[] order = new Integer[logits.length];
    Arrays.setAll(order, i -> i);
    // Stable sort: equal logits keep the order of their ids.
    Arrays.sort(order, Comparator.comparingDouble((Integer i) -> -value(logits[i])));
    int keep = options.topK() == 0 ? order.length : Math.min(options.topK(), order.length);
    double[] p = new double[keep];
    double sum = 0;
    for (int i = 0; i < keep; i++) {
      p[i] = Math.exp((value(logits[order[i]]) - (double) logits[best]) / options.temperature());
      sum += p[i];
    }
    double mass = 0;
    int last = 0;
    while (last < keep) {
      mass += p[last++];
      if (mass >= options.topP() * sum) {
        break;
      }
    }
    double u = uniform(options.seed(), position) * mass;
    for (int i = 0; i < last; i++) {
      u -= p[i];
      if (u < 0) {
        return order[i];
      }
    }
    return order[last - 1];
  }

  private static float[] without(float[] logits, int id) {
    float[] copy = logits.clone();
    copy[id] = Float.NEGATIVE_INFINITY;
    return copy;
  }

  private static double value(float logit) {
    return Float.isNaN(logit) ? Double.NEGATIVE_INFINITY : logit;
  }

  /** Index of the largest logit, the lowest of equals. */
  public static int argmax(float[] logits) {
    int best = -1;
    for (int i = 0; i < logits.length; i++) {
      if (!Float.isNaN(logits[i]) && (best < 0 || logits[i] > logits[best])) {
        best = i;
      }
    }
    if (best < 0 || Float.isInfinite(logits[best])) {
      throw new UnusableLogitsException();
    }
    return best;
  }

  /** Natural logarithm of the probability of a token under the unchanged distribution. */
  public static double logProbability(float[] logits, int token) {
    double max = logits[argmax(logits)];
    double sum = 0;
    for (float v : logits) {
      sum += Math.exp(value(v) - max);
    }
    return value(logits[token]) - max - Math.log(sum);
  }

  /** A number in [0, 1) from seed and position (SplitMix64 finaliser). */
  private static double uniform(long seed, int position) {
    long z = seed * 0x9E3779B97F4A7C15L + (position + 1L) * 0xD1B54A32D192ED03L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return (z >>> 11) * 0x1.0p-53;
  }
}
