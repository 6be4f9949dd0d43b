package io.hadal.engine.serving;

/**
 * By what predicted times to the first token have to be multiplied so that they are kept, learnt
 * from those that came: other work on the machine, later requests of other tenants, and chance make
 * them longer. A quantile that follows its values: it goes up when one was longer, down by as much
 * less as more should be shorter.
 */
final class PredictionMargin {
  private static final double STEP = 0.05;
  private static final double MOST = 8;

  private double factor = 1;

  synchronized double factor() {
    return factor;
  }

  /**
   * Learns from a first token.
   *
   * @param part of them that should come within the prediction
   */
  synchronized void learn(double predictedSeconds, double seconds, double part) {
    boolean longer = seconds > factor * predictedSeconds;
    factor = Math.clamp(factor * (1 + STEP * (longer ? part : part - 1)), 1, MOST);
  }
}
