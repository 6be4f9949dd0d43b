package io.hadal.model.weights;

import java.util.regex.Pattern;

/** What a matrix is for, as far as it decides how coarsely it may be stored. */
enum MatrixRole {
  /** Small, and rounding costs more than it saves: routers, mHC projections, convolutions. */
  KEPT,
  /** w1, w2, w3 of a routed expert. */
  EXPERT,
  /** Rows of n-gram tables. */
  TABLE,
  /** Projections of attention, shared experts and n-gram memory: FP8 in released checkpoints. */
  PROJECTION,
  /** Embeddings, heads, compressors and what chooses entries. */
  OTHER;

  private static final Pattern KEPT_NAMES =
      Pattern.compile(".*(\\.ffn\\.gate\\.weight|hc_[a-z]+_fn|\\.engram\\.conv\\.weight)");
  private static final Pattern EXPERTS =
      Pattern.compile(".*\\.ffn\\.experts\\.[0-9]+\\.w[123]\\.weight");
  private static final Pattern PROJECTIONS =
      Pattern.compile(
          ".*\\.(attn\\.(wq_a|wq_b|wkv|wo_a|wo_b)|indexer\\.wq_b|ffn\\.shared_experts\\.w[123]"
              + "|engram\\.wkv|e_proj|h_proj|main_proj)\\.weight");

  static MatrixRole of(ReleasedTensors.Entry entry) {
    String name = entry.name();
    if (KEPT_NAMES.matcher(name).matches()) {
      return KEPT;
    }
    if (entry.isTable()) {
      return TABLE;
    }
    if (EXPERTS.matcher(name).matches()) {
      return EXPERT;
    }
    return PROJECTIONS.matcher(name).matches() ? PROJECTION : OTHER;
  }
}
