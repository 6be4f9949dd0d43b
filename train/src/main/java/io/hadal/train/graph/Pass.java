package io.hadal.train.graph;

/**
 * Settings of a forward and backward pass. Every factor is one token's share of the step's loss.
 *
 * @param scale factor on each token's cross-entropy
 * @param zLoss weight of the squared log normaliser, relative to the cross-entropy
 * @param balanceScale factor on each token's part of the sequences' balance losses
 * @param indexScale factor on each token's divergence of an indexer from the attention; 0 leaves
 *     indexers as they are
 * @param dense whether queries attend to all visible entries instead of an indexer's choice
 */
public record Pass(float scale, float zLoss, float balanceScale, float indexScale, boolean dense) {

  /** For evaluation: no gradients, entries chosen as at inference. */
  public static final Pass EVALUATION = new Pass(0, 0, 0, 0, false);

  boolean learnsIndex() {
    return indexScale > 0;
  }
}
