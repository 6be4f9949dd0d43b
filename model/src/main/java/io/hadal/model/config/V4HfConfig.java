package io.hadal.model.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * DeepSeek-V4 {@code config.json}, in the spelling of the repository root or of its inference
 * folder (spec 1.1).
 */
final class V4HfConfig {
  private V4HfConfig() {}

  static ModelConfig read(ConfigFields f) {
    f.mustBe("1", "num_key_value_heads");
    f.mustBe("false", "attention_bias");
    f.mustBe("false", "tie_word_embeddings");
    f.mustBe("silu", "hidden_act");
    f.mustBe("sqrtsoftplus", "scoring_func", "score_func");
    f.mustBe("noaux_tc", "topk_method");
    f.mustBe("true", "norm_topk_prob");

    int layerCount = f.positive("num_hidden_layers", "n_layers");
    List<Integer> ratios = f.numbers("compress_ratios");
    if (ratios.size() < layerCount) {
      throw f.error(
          "compress_ratios", "has " + ratios.size() + " entries for " + layerCount + " layers");
    }
    int hashLayers = f.numberOr(0, "num_hash_layers", "n_hash_layers");
    float limit = (float) f.realOr(Double.POSITIVE_INFINITY, "swiglu_limit");
    V4Layers layers =
        new V4Layers(
            new RopeConfig(f.realOr(10000, "rope_theta"), null),
            new RopeConfig(f.realOr(160000, "compress_rope_theta"), yarn(f)),
            new MoeConfig(
                f.positive("n_routed_experts"),
                f.positive("num_experts_per_tok", "n_activated_experts"),
                f.number("n_shared_experts"),
                f.positive("moe_intermediate_size", "moe_inter_dim"),
                (float) f.realOr(1.0, "routed_scaling_factor", "route_scale"),
                true));

    List<LayerConfig> trunk = new ArrayList<>();
    for (int i = 0; i < layerCount; i++) {
      if (ratios.get(i) < 0) {
        throw f.error("compress_ratios", "holds " + ratios.get(i));
      }
      trunk.add(layers.trunk(i, ratios.get(i), i < hashLayers, limit, limit));
    }
    // DSpark checkpoints keep num_nextn_predict_layers = 1 but hold another kind of drafter.
    boolean dspark = f.find("dspark_block_size") != null;
    int mtp = dspark ? 0 : f.numberOr(0, "num_nextn_predict_layers", "n_mtp_layers");
    if (mtp > ConfigChecks.MAX_DRAFTERS) {
      throw f.error("num_nextn_predict_layers", "is " + mtp + ", more than a model can have");
    }
    List<LayerConfig> drafters = new ArrayList<>();
    for (int i = 0; i < mtp; i++) {
      drafters.add(layers.drafter(i, limit, limit));
    }

    return ConfigChecks.check(
        new ModelConfig(
            "deepseek_v4",
            f.positive("vocab_size"),
            f.positive("hidden_size", "dim"),
            f.numberOr(1 << 20, "max_position_embeddings", "max_seq_len"),
            f.numberOr(0, "bos_token_id"),
            f.numberOr(1, "eos_token_id"),
            -1,
            (float) f.realOr(1e-6, "rms_norm_eps", "norm_eps"),
            new ActivationCode(128, false),
            V4Layers.CACHE_CODE,
            V4Layers.CACHE_CODE,
            f.declaresQuantisation(),
            f.hyper(false),
            f.attention(true),
            f.indexer(IndexerConfig.Keys.COMPRESSED, null),
            trunk,
            drafters,
            null,
            null,
            null),
        (field, message) -> f.error(field, message));
  }

  static RopeConfig.@Nullable Yarn yarn(ConfigFields f) {
    ConfigFields scaling = f.object("rope_scaling");
    if (scaling != null) {
      scaling.mustBe("yarn", "type", "rope_type");
      return new RopeConfig.Yarn(
          scaling.real("factor"),
          scaling.positive("original_max_position_embeddings"),
          scaling.realOr(32, "beta_fast"),
          scaling.realOr(1, "beta_slow"));
    }
    if (f.find("rope_factor") == null) {
      return null;
    }
    return new RopeConfig.Yarn(
        f.real("rope_factor"),
        f.numberOr(65536, "original_seq_len"),
        f.realOr(32, "beta_fast"),
        f.realOr(1, "beta_slow"));
  }
}
