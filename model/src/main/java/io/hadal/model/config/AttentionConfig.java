package io.hadal.model.config;

/**
 * Shapes that all attention layers share (V4 spec 3).
 *
 * @param headDim query and shared key-value width; its last {@code ropeDim} values are rotated
 * @param outGroups groups of consecutive heads in the low-rank output projection
 * @param outRank rank of each group
 * @param window positions a query sees directly, itself included
 * @param headNorm true when every query head is normalised by itself
 */
public record AttentionConfig(
    int heads,
    int headDim,
    int ropeDim,
    int queryRank,
    int outGroups,
    int outRank,
    int window,
    boolean headNorm) {

  /** Width of the part that is not rotated. */
  public int nopeDim() {
    return headDim - ropeDim;
  }

  /** Inputs of one output group. */
  public int groupWidth() {
    return heads / outGroups * headDim;
  }

  /** Softmax scale. */
  public float scale() {
    return (float) (1.0 / Math.sqrt(headDim));
  }
}
