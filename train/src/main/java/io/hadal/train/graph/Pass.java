package io.hadal.train.graph;

import org.jspecify.annotations.Nullable;

/**
 * Settings of a forward and backward pass. Every factor is one token's share of the step's loss.
 *
 * @param scale factor on each token's cross-entropy
 * @param zLoss weight of the squared log normaliser, relative to the cross-entropy
 * @param balanceScale factor on each token's part of the sequences' balance losses
 * @param indexScale factor on each token's divergence of an indexer from the attention; 0 leaves
 *     indexers as they are
 * @param dense whether queries attend to all visible entries instead of an indexer's choice
 * @param drafts how the block drafter runs, where the model has one; null for not at all
 */
public record Pass(
    float scale,
    float zLoss,
    float balanceScale,
    float indexScale,
    boolean dense,
    @Nullable Drafts drafts) {

  /** For evaluation: no gradients, entries chosen as at inference. */
  public static final Pass EVALUATION = new Pass(0, 0, 0, 0, false);

  /** A pass without the drafter. */
  public Pass(float scale, float zLoss, float balanceScale, float indexScale, boolean dense) {
    this(scale, zLoss, balanceScale, indexScale, dense, null);
  }

  /**
   * Settings of the block drafter.
   *
   * @param scale factor on each predicted token's losses; 0 for no gradients
   * @param distance weight of the L1 distance from the trunk's distribution, relative to the
   *     cross-entropy
   * @param phase where the first proposal of a span begins, modulo the size of a proposal
   */
  public record Drafts(float scale, float distance, int phase) {}

  /** The same pass with other settings of the drafter. */
  public Pass with(@Nullable Drafts settings) {
    return new Pass(scale, zLoss, balanceScale, indexScale, dense, settings);
  }

  boolean learnsIndex() {
    return indexScale > 0;
  }

  /** Whether anything of the trunk has a gradient. */
  boolean learnsTrunk() {
    return scale > 0 || balanceScale > 0 || learnsIndex();
  }
}
