package io.hadal.train.graph;

/**
 * What the proposals of a batch cost. Every sum is over the predicted tokens.
 *
 * @param crossEntropy sum in nats
 * @param distance sum of the L1 distances from the trunk's distributions
 * @param confidence sum of the cross-entropies of the confidences, in nats
 * @param agreed predictions whose likeliest token is that of the trunk
 * @param targets predicted tokens
 */
public record DraftLosses(
    double crossEntropy, double distance, double confidence, long agreed, long targets) {
  /** Of a batch without proposals. */
  public static final DraftLosses NONE = new DraftLosses(0, 0, 0, 0, 0);

  /** Both together. */
  public DraftLosses plus(DraftLosses more) {
    return new DraftLosses(
        crossEntropy + more.crossEntropy,
        distance + more.distance,
        confidence + more.confidence,
        agreed + more.agreed,
        targets + more.targets);
  }

  /** Mean cross-entropy in nats a token; 0 without any. */
  public double loss() {
    return crossEntropy / Math.max(1, targets);
  }

  /** Part of the predictions that the trunk shares; 0 without any. */
  public double agreement() {
    return (double) agreed / Math.max(1, targets);
  }
}
