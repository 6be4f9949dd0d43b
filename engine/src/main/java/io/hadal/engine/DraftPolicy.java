package io.hadal.engine;

import java.util.Arrays;

/**
 * Chooses how many guesses to verify from what the last ones brought and cost. It changes how fast
 * tokens come, never which.
 */
final class DraftPolicy {
  private static final int MOST = 64;
  private static final double MEMORY = 0.9;

  /** Probability below which a guess is not worth a look. */
  private static final double THRESHOLD = 0.1;

  // Chance that guess i holds when those before it do; hopeful at first.
  private final double[] chance = new double[MOST];
  // Cost of a step by its number of guesses, in nanoseconds; 0 when not seen yet.
  private final double[] cost = new double[MOST + 1];
  private double draftCost;

  DraftPolicy() {
    Arrays.fill(chance, 0.8);
  }

  /** Number of guesses to verify, at least one. */
  int length(Scheduler.Guess guess) {
    int most = Math.min(MOST, guess.tokens().length);
    float[] confidence = guess.confidence();
    double expected = 1;
    double through = 1;
    int best = 1;
    double bestRate = 0;
    for (int m = 1; m <= most; m++) {
      if (confidence != null && m > 1 && sigmoid(confidence[m - 1]) < THRESHOLD) {
        break;
      }
      through *= chance[m - 1];
      expected += through;
      double rate = expected / (draftCost + stepCost(m));
      if (rate > bestRate) {
        bestRate = rate;
        best = m;
      }
    }
    return best;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** Measured cost, or that of the nearest shorter step grown a little a token. */
  private double stepCost(int guesses) {
    for (int m = guesses; m >= 0; m--) {
      if (cost[m] > 0) {
        return cost[m] * (1 + 0.1 * (guesses - m));
      }
    }
    return 1 + 0.1 * guesses;
  }

  void learn(int guesses, int right, long draftNanos, long stepNanos) {
    for (int i = 0; i < Math.min(guesses, right + 1); i++) {
      chance[i] = MEMORY * chance[i] + (1 - MEMORY) * (i < right ? 1 : 0);
    }
    draftCost = smooth(draftCost, draftNanos);
    cost[guesses] = smooth(cost[guesses], stepNanos);
  }

  private static double smooth(double old, double value) {
    return old == 0 ? value : MEMORY * old + (1 - MEMORY) * value;
  }
}
