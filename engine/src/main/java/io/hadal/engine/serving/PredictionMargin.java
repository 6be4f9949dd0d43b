package io.hadal.engine.serving;

/**
 * What predicted times to the first token are multiplied by so that promises are kept, learnt from
 * those that were and were not: other work on the machine, long steps and chance make times longer.
 * It goes up with a promise that was broken, and down by as much less with one that was kept as
 * more of them should be.
 */
final class PredictionMargin {
  private static final double STEP = 0.015;
  private static final double LEAST = 0.25;
  private static final double MOST = 8;

  private double factor = 1;

  synchronized double factor() {
    return factor;
  }

  /**
   * Learns from a first token.
   *
   * @param part of the promises that should be kept; it aims at half of what may be broken
   */
  synchronized void learn(boolean kept, double part) {
    double broken = (1 - part) / 2;
    factor = Math.clamp(factor * (1 + STEP * (kept ? -broken : 1 - broken)), LEAST, MOST);
  }
}
