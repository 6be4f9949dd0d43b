package io.hadal.engine;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Chooses tokens from logits. The random number of a position depends on seed and position alone,
 * so a choice does not depend on what else runs, nor on speculation.
 */
public final class Sampler {
  /**
   * Distances below the largest scaled logit that are looked at one after the other: most choices
   * fall among few tokens, and what lies below e^-40 is never chosen before them.
   */
  private static final double[] DEPTHS = {8, 40, Double.POSITIVE_INFINITY};

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
    return sample(raw, position, null, null);
  }

  /**
   * The token at a position.
   *
   * @param raw logits, which stay as they are
   * @param history tokens so far; needed when the options {@linkplain SamplingOptions#looksBack
   *     look back}
   * @param allowed tokens to choose among; null for all
   * @throws UnusableLogitsException when the largest logit is no finite number
   * @throws NothingAllowedException when that holds for the allowed tokens only
   */
  public int sample(
      float[] raw, int position, @Nullable TokenHistory history, @Nullable BitSet allowed) {
    float[] logits = adjusted(raw, history);
    int best = best(logits, allowed);
    if (options.temperature() == 0) {
      return best;
    }
    float max = logits[best];
    double floor = options.minP() > 0 ? Math.log(options.minP()) : Double.NEGATIVE_INFINITY;
    double all = options.topK() > 0 ? 0 : mass(logits, allowed, max, floor);
    double u = uniform(options.seed(), position);
    int choice = -1;
    for (int i = 0; i < DEPTHS.length && choice < 0; i++) {
      boolean last = i == DEPTHS.length - 1 || -DEPTHS[i] <= floor;
      long[] order = descending(logits, allowed, max, Math.max(-DEPTHS[i], floor));
      choice = choose(order, logits, all, u, last);
    }
    return choice;
  }

  /**
   * The choice among the likeliest tokens, or -1 when it depends on less likely ones.
   *
   * @param order ids by falling logit, as {@link #descending} gives them
   * @param all mass of all tokens when top-k is off
   * @param last true when there are no further tokens
   */
  private int choose(long[] order, float[] logits, double all, double u, boolean last) {
    int keep = order.length;
    float max = logits[(int) order[0]];
    double sum = all;
    if (options.topK() > 0) {
      if (keep < options.topK() && !last) {
        return -1;
      }
      keep = Math.min(keep, options.topK());
      sum = 0;
      for (int i = 0; i < keep; i++) {
        sum += Math.exp(scaled(logits[(int) order[i]], max));
      }
    }
    double target = sum;
    if (options.topP() < 1) {
      double mass = 0;
      int i = 0;
      while (i < keep && mass < options.topP() * sum) {
        mass += Math.exp(scaled(logits[(int) order[i++]], max));
      }
      if (mass < options.topP() * sum && !last && options.topK() == 0) {
        return -1;
      }
      keep = i;
      target = mass;
    }
    double rest = u * target;
    for (int i = 0; i < keep; i++) {
      rest -= Math.exp(scaled(logits[(int) order[i]], max));
      if (rest < 0) {
        return (int) order[i];
      }
    }
    return last || options.topP() < 1 || options.topK() > 0 ? (int) order[keep - 1] : -1;
  }

  private double scaled(float logit, float max) {
    return ((double) logit - max) / options.temperature();
  }

  private double mass(float[] logits, @Nullable BitSet allowed, float max, double floor) {
    double sum = 0;
    double least = Math.max(floor, -DEPTHS[1]);
    for (int i = next(allowed, 0, logits.length); i >= 0; i = next(allowed, i + 1, logits.length)) {
      double x = scaled(logits[i], max);
      // False for NaN.
      if (x >= least) {
        sum += Math.exp(x);
      }
    }
    return sum;
  }

  /** Ids in the low halves, by falling logit; equal logits by id. */
  private long[] descending(float[] logits, @Nullable BitSet allowed, float max, double least) {
    long[] keys = new long[64];
    int n = 0;
    for (int i = next(allowed, 0, logits.length); i >= 0; i = next(allowed, i + 1, logits.length)) {
      // False for NaN.
      if (logits[i] > Float.NEGATIVE_INFINITY && scaled(logits[i], max) >= least) {
        if (n == keys.length) {
          keys = Arrays.copyOf(keys, 2 * n);
        }
        // Adding 0 turns -0 into 0; the rest maps the order of floats to that of integers.
        int bits = Float.floatToIntBits(logits[i] + 0f);
        int rising = bits ^ ((bits >> 31) & 0x7fffffff);
        keys[n++] = ((long) ~rising << 32) | i;
      }
    }
    Arrays.sort(keys, 0, n);
    return Arrays.copyOf(keys, n);
  }

  private static int next(@Nullable BitSet allowed, int from, int size) {
    int i = allowed == null ? from : allowed.nextSetBit(from);
    return i < size ? i : -1;
  }

  private float[] adjusted(float[] raw, @Nullable TokenHistory history) {
    if (banned < 0 && options.bias().isEmpty() && !options.looksBack()) {
      return raw;
    }
    float[] logits = raw.clone();
    if (options.looksBack()) {
      if (history == null) {
        throw new IllegalArgumentException("penalties need the tokens so far");
      }
      history.penalise(logits, options);
    }
    for (Map.Entry<Integer, Float> entry : options.bias().entrySet()) {
      if (entry.getKey() < logits.length) {
        logits[entry.getKey()] += entry.getValue();
      }
    }
    if (banned >= 0) {
      logits[banned] = Float.NEGATIVE_INFINITY;
    }
    return logits;
  }

  /**
   * Index of the largest logit, the lowest of equals.
   *
   * @throws UnusableLogitsException when it is no finite number
   */
  public static int argmax(float[] logits) {
    int best = largest(logits, null);
    if (best < 0 || Float.isInfinite(logits[best])) {
      throw new UnusableLogitsException();
    }
    return best;
  }

  private static int best(float[] logits, @Nullable BitSet allowed) {
    int best = largest(logits, allowed);
    if (best < 0 || Float.isInfinite(logits[best])) {
      argmax(logits);
      throw new NothingAllowedException();
    }
    return best;
  }

  private static int largest(float[] logits, @Nullable BitSet allowed) {
    int best = -1;
    for (int i = next(allowed, 0, logits.length); i >= 0; i = next(allowed, i + 1, logits.length)) {
      if (!Float.isNaN(logits[i]) && (best < 0 || logits[i] > logits[best])) {
        best = i;
      }
    }
    return best;
  }

  /** Natural logarithm of the probability of a token under the unchanged distribution. */
  public static double logProbability(float[] logits, int token) {
    return Float.isNaN(logits[token]) ? Double.NEGATIVE_INFINITY : logits[token] - logTotal(logits);
  }

  /** What has to be subtracted from logits to make them logarithms of probabilities. */
  public static double logTotal(float[] logits) {
    double max = logits[argmax(logits)];
    double sum = 0;
    for (float v : logits) {
      sum += Float.isNaN(v) ? 0 : Math.exp(v - max);
    }
    return max + Math.log(sum);
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
