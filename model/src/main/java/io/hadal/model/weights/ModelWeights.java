package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All parameters of a checkpoint.
 *
 * @param embed {@code [vocab, hidden]}
 * @param blockDraft DSpark drafter, null without
 * @param completionHead for filling in the middle, null without
 */
public record ModelWeights(
    Matrix embed,
    List<LayerWeights> layers,
    HeadWeights head,
    List<MtpWeights> drafters,
    @Nullable BlockDraftWeights blockDraft,
    @Nullable CompletionHeadWeights completionHead) {
  public ModelWeights {
    layers = List.copyOf(layers);
    drafters = List.copyOf(drafters);
  }

  /** True when the checkpoint holds a drafter of any kind. */
  public boolean hasDrafter() {
    return blockDraft != null || !drafters.isEmpty();
  }
}
