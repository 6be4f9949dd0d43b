package io.hadal.model.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Architecture of a checkpoint as data; nothing below it asks for a family name.
 *
 * @param family {@code model_type} or GGUF architecture, for reports
 * @param contextLength positions the model was trained for
 * @param imageId token that stands for an image, -1 for none
 * @param normEps epsilon of every RMS norm
 * @param activations rounding of the inputs of quantised matrices
 * @param windowCode rounding of window rows
 * @param entryCode rounding of compressed entries
 * @param quantisedCache true when the configuration declares quantisation: the model was trained
 *     with cached rows rounded to these codes
 * @param layers trunk
 * @param drafters MTP layers behind the trunk, in order; empty without
 * @param blockDraft DSpark drafter, null without
 * @param engram n-gram memory, null without
 * @param completionHead residual head for filling in the middle, null without
 */
public record ModelConfig(
    String family,
    int vocabSize,
    int hiddenSize,
    int contextLength,
    int bosId,
    int eosId,
    int imageId,
    float normEps,
    ActivationCode activations,
    RowCode windowCode,
    RowCode entryCode,
    boolean quantisedCache,
    HyperConfig hyper,
    AttentionConfig attention,
    IndexerConfig indexer,
    List<LayerConfig> layers,
    List<LayerConfig> drafters,
    @Nullable BlockDraftConfig blockDraft,
    @Nullable EngramConfig engram,
    @Nullable CompletionHeadConfig completionHead) {

  public ModelConfig {
    layers = List.copyOf(layers);
    drafters = List.copyOf(drafters);
  }

  /** Floats of a token's residual streams. */
  public int streamWidth() {
    return hyper.streams() * hiddenSize;
  }

  /**
   * The encoder: layers up to the last that makes compressed entries (V4.1 spec 4.4). Those behind
   * it need older positions for their windows only.
   */
  public int encoderLayers() {
    int count = layers.size();
    for (LayerConfig layer : layers) {
      if (layer.compresses()) {
        count = layer.index() + 1;
      }
    }
    return count;
  }

  /** Layers of the drafter's caches, whichever kind it is. */
  public List<LayerConfig> draftLayers() {
    return blockDraft != null
        ? blockDraft.stages()
        : drafters.isEmpty() ? List.of() : drafters.subList(0, 1);
  }
}
