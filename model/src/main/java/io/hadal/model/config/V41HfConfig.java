package io.hadal.model.config;

import io.hadal.model.config.IndexerConfig.Candidates;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * DeepSeek-V4.1 {@code config.json}, nested as in the repository root or flat as in its inference
 * folder.
 */
final class V41HfConfig {
  private static final V41Layers.Names NAMES =
      new V41Layers.Names("compress_ratios", "kv_source_layer_ids", "index_source_layer_ids");

  private final ConfigFields root;
  private final ConfigFields f;

  V41HfConfig(ConfigFields root, ConfigFields text) {
    this.root = root;
    this.f = text;
  }

  static ModelConfig read(ConfigFields root) {
    ConfigFields text = root.object("text_config");
    V41HfConfig config = new V41HfConfig(root, text == null ? root : text);
    List<LayerConfig> trunk = config.trunk(config.moe());
    boolean quantised = root.declaresQuantisation() || config.f.declaresQuantisation();
    return config.model("deepseek_v41", quantised, trunk, config.engram(), null);
  }

  /**
   * A model with this backbone.
   *
   * @param quantisedCache as {@link ModelConfig#quantisedCache}
   * @param trunk {@link #trunk} or layers made of it
   */
  ModelConfig model(
      String family,
      boolean quantisedCache,
      List<LayerConfig> trunk,
      @Nullable EngramConfig engram,
      @Nullable CompletionHeadConfig completionHead) {
    f.mustBe("1", "num_key_value_heads");
    f.mustBe("false", "attention_bias");
    f.mustBe("false", "tie_word_embeddings");
    f.mustBe("silu", "hidden_act");
    f.mustBe("sqrtsoftplus", "scoring_func", "score_func");
    f.mustBe("noaux_tc", "topk_method");
    f.mustBe("true", "norm_topk_prob");

    return ConfigChecks.check(
        new ModelConfig(
            family,
            f.positive("vocab_size"),
            f.positive("hidden_size", "dim"),
            f.numberOr(1 << 20, "max_position_embeddings", "max_seq_len"),
            root.numberOr(0, "bos_token_id"),
            root.numberOr(1, "eos_token_id"),
            root.find("image_token_id") == null ? -1 : root.number("image_token_id"),
            normEps(),
            V41Layers.ACTIVATION_CODE,
            V41Layers.WINDOW_CODE,
            V41Layers.ENTRY_CODE,
            quantisedCache,
            f.hyper(true),
            f.attention(false),
            f.indexer(IndexerConfig.Keys.PROJECTED, candidates()),
            trunk,
            List.of(),
            blockDraft(trunk.size()),
            engram,
            completionHead),
        f::error);
  }

  float normEps() {
    return (float) f.realOr(1e-20, "rms_norm_eps", "norm_eps");
  }

  /** The trunk's experts. */
  MoeConfig moe() {
    return moe(
        f.positive("n_routed_experts"), f.positive("num_experts_per_tok", "n_activated_experts"));
  }

  MoeConfig moe(int experts, int active) {
    return new MoeConfig(
        experts,
        active,
        f.numberOr(1, "n_shared_experts"),
        f.positive("moe_intermediate_size", "moe_inter_dim"),
        (float) f.realOr(1.0, "routed_scaling_factor", "route_scale"),
        active > 1);
  }

  private float limit() {
    return (float) f.realOr(Double.POSITIVE_INFINITY, "swiglu_limit");
  }

  private RopeConfig windowRope() {
    return new RopeConfig(f.realOr(10000, "rope_theta"), null);
  }

  private RopeConfig compressedRope() {
    return new RopeConfig(f.realOr(160000, "compress_rope_theta"), V4HfConfig.yarn(f));
  }

  List<LayerConfig> trunk(MoeConfig moe) {
    int count = f.positive("num_hidden_layers", "n_layers");
    List<Integer> ratios = f.numbers("compress_ratios");
    // Bounded by the list, so that no count can ask for absurd memory.
    float[] limits = new float[Math.min(count, ratios.size())];
    Arrays.fill(limits, limit());
    return new V41Layers(windowRope(), compressedRope(), moe)
        .trunk(
            count,
            ratios,
            f.numbers("kv_source_layer_ids", "kv_source_layers"),
            f.numbers("index_source_layer_ids", "index_source_layers"),
            limits,
            limits,
            NAMES,
            f::error);
  }

  private @Nullable Candidates candidates() {
    JsonNode source = f.find("candidate_source_layer_id", "candidate_source_layer");
    if (source == null || (source.isIntegralNumber() && source.bigIntegerValue().signum() < 0)) {
      return null;
    }
    int layer = f.number("candidate_source_layer_id", "candidate_source_layer");
    if (layer >= f.positive("num_hidden_layers", "n_layers")) {
      throw f.error("candidate_source_layer_id", "names layer " + layer);
    }
    return new Candidates(
        f.number("candidate_source_layer_id", "candidate_source_layer"),
        Math.max(1, f.numberOr(2048, "candidate_topk_blocks")),
        Math.max(1, f.numberOr(8, "candidate_block_size")));
  }

  private @Nullable BlockDraftConfig blockDraft(int trunk) {
    int stages = f.numberOr(0, "num_nextn_predict_layers", "n_mtp_layers");
    if (stages == 0 || f.find("dspark_block_size") == null) {
      return null;
    }
    MoeConfig moe = draftMoe();
    V41Layers drafters = new V41Layers(windowRope(), compressedRope(), moe);
    List<LayerConfig> layers = new ArrayList<>();
    if (stages > ConfigChecks.MAX_DRAFTERS) {
      throw f.error("num_nextn_predict_layers", "is " + stages + ", more than a model can have");
    }
    for (int i = 0; i < stages; i++) {
      layers.add(drafters.window(i, limit(), limit()));
    }
    List<Integer> targets = f.numbers("dspark_target_layer_ids");
    for (int target : targets) {
      if (target < 0 || target >= trunk) {
        throw f.error("dspark_target_layer_ids", "names layer " + target);
      }
    }
    int noise = f.number("dspark_noise_token_id");
    int block = f.positive("dspark_block_size");
    if (noise >= f.positive("vocab_size") || block > 64) {
      throw f.error("dspark_noise_token_id", "or dspark_block_size is out of range");
    }
    return new BlockDraftConfig(layers, block, noise, targets, f.positive("dspark_markov_rank"));
  }

  private MoeConfig draftMoe() {
    int experts = f.numberOr(128, "dspark_n_routed_experts");
    if (experts > 0) {
      boolean known = f.find("dspark_num_experts_per_tok", "dspark_n_activated_experts") != null;
      return moe(
          experts,
          known ? f.positive("dspark_num_experts_per_tok", "dspark_n_activated_experts") : 3);
    }
    // Without routed experts the shared one is the whole feed-forward.
    MoeConfig dense = moe(0, 0);
    if (dense.sharedExperts() != 1) {
      throw f.error("n_shared_experts", "must be 1 with dspark_n_routed_experts 0");
    }
    return dense;
  }

  private @Nullable EngramConfig engram() {
    if (f.find("engram_layer_ids") == null || f.numbers("engram_layer_ids").isEmpty()) {
      return null;
    }
    List<Long> rows = new ArrayList<>();
    for (int n : f.numbers("engram_num_embeddings")) {
      rows.add((long) n);
    }
    return EngramConfig.released(
        f.numbers("engram_layer_ids"),
        rows,
        f.positive("engram_max_ngram_size"),
        f.positive("engram_vocab_size"),
        f.positive("engram_n_heads"),
        f.positive("engram_head_dim"),
        f.number("engram_pad_token_id", "engram_pad_id"),
        f.positive("engram_compressed_vocab_size"),
        List.of(),
        List.of(),
        normEps());
  }
}
