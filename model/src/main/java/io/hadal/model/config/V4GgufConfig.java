package io.hadal.model.config;

import java.util.ArrayList;
import java.util.List;

/** {@code deepseek4} metadata of a GGUF file (spec 7.1). */
final class V4GgufConfig {
  private final GgufFields f;

  V4GgufConfig(GgufFields fields) {
    this.f = fields;
  }

  ModelConfig read() {
    int blocks = f.blocks();
    int drafterCount = f.numberOr(0, "nextn_predict_layers");
    if (drafterCount > ConfigChecks.MAX_DRAFTERS) {
      throw f.error("nextn_predict_layers", "is " + drafterCount + ", more than a model can have");
    }
    int layerCount = blocks - drafterCount;
    List<Integer> ratios = f.numbers("attention.compress_ratios");
    if (layerCount < 1 || ratios.size() < layerCount) {
      throw f.error(
          "attention.compress_ratios",
          "has " + ratios.size() + " entries for " + layerCount + " layers");
    }
    float[] routedLimits = f.limits("swiglu_clamp_exp", blocks, null);
    float[] sharedLimits = f.limits("swiglu_clamp_shexp", blocks, routedLimits);
    int hashLayers = f.numberOr(0, "hash_layer_count");
    V4Layers layers =
        new V4Layers(
            new RopeConfig(f.real("rope.freq_base"), null),
            new RopeConfig(f.real("attention.compress_rope_freq_base"), f.yarn()),
            f.moe(true));
    List<LayerConfig> trunk = new ArrayList<>();
    for (int i = 0; i < layerCount; i++) {
      trunk.add(layers.trunk(i, ratios.get(i), i < hashLayers, routedLimits[i], sharedLimits[i]));
    }
    List<LayerConfig> drafters = new ArrayList<>();
    for (int i = layerCount; i < blocks; i++) {
      drafters.add(layers.drafter(i - layerCount, routedLimits[i], sharedLimits[i]));
    }
    return ConfigChecks.check(
        new ModelConfig(
            "deepseek_v4",
            f.vocabularySize(),
            f.positive("embedding_length"),
            f.positive("context_length"),
            f.bosId(),
            f.eosId(),
            -1,
            (float) f.real("attention.layer_norm_rms_epsilon"),
            new ActivationCode(128, false),
            V4Layers.CACHE_CODE,
            V4Layers.CACHE_CODE,
            // No field says so; these architectures are the releases, converted.
            true,
            f.hyper(false),
            f.attention(true),
            f.indexer(IndexerConfig.Keys.COMPRESSED, null),
            trunk,
            drafters,
            null,
            null,
            null),
        f::error);
  }
}
