package io.hadal.model.config;

import java.util.List;

/**
 * Architecture of a checkpoint as data; nothing below it asks for a family name.
 *
 * @param family {@code model_type} or GGUF architecture, for reports
 * @param contextLength positions the model was trained for
 * @param normEps epsilon of every RMS norm
 * @param activationBlock columns that share a scale when activations are quantised
 * @param cacheBlock values that share a scale in the quantised key-value rows
 * @param layers trunk
 * @param drafters MTP layers behind the trunk, in order; empty without
 */
public record ModelConfig(
    String family,
    int vocabSize,
    int hiddenSize,
    int contextLength,
    int bosId,
    int eosId,
    float normEps,
    int activationBlock,
    int cacheBlock,
    HyperConfig hyper,
    AttentionConfig attention,
    IndexerConfig indexer,
    MoeConfig moe,
    List<LayerConfig> layers,
    List<LayerConfig> drafters) {

  public ModelConfig {
    layers = List.copyOf(layers);
    drafters = List.copyOf(drafters);
  }

  /** Floats of a token's residual streams. */
  public int streamWidth() {
    return hyper.streams() * hiddenSize;
  }
}
