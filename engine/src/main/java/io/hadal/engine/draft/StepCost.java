package io.hadal.engine.draft;

/** Time of a step by its tokens: a part that does not depend on them and one for each, learnt. */
final class StepCost {
  private static final double MEMORY = 0.98;

  /** Part of a step of one token that a further one is taken to add, until steps have shown it. */
  private static final double ASSUMED = 0.1;

  /** Weight of that assumption, in observations one token apart. */
  private static final double INERTIA = 0.5;

  private double weight;
  private double rows;
  private double nanos;
  private double rowsSquared;
  private double product;

  void learn(int count, double time) {
    weight = MEMORY * weight + 1;
    rows = MEMORY * rows + count;
    nanos = MEMORY * nanos + time;
    rowsSquared = MEMORY * rowsSquared + (double) count * count;
    product = MEMORY * product + count * time;
  }

  /** What a further token adds. */
  double each() {
    if (weight == 0) {
      return ASSUMED;
    }
    double meanRows = rows / weight;
    double mean = nanos / weight;
    double variance = Math.max(0, rowsSquared / weight - meanRows * meanRows);
    double assumed = mean * ASSUMED / (1 + ASSUMED * (meanRows - 1));
    double slope = (product / weight - meanRows * mean + INERTIA * assumed) / (variance + INERTIA);
    return Math.clamp(slope, 0.01 * mean / meanRows, mean / meanRows);
  }

  /** A step of this many tokens. */
  double of(int count) {
    if (weight == 0) {
      return 1 + ASSUMED * (count - 1);
    }
    return Math.max(each() * count, nanos / weight + each() * (count - rows / weight));
  }
}
