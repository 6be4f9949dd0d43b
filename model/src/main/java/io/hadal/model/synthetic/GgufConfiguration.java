package io.hadal.model.synthetic;

import io.hadal.formats.weights.GgufValue;
import io.hadal.formats.weights.GgufValueType;
import io.hadal.formats.weights.GgufWriter;
import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.MoeConfig;
import io.hadal.model.config.RopeConfig;
import java.util.function.Predicate;

/** A configuration as GGUF metadata of {@code deepseek4} or {@code deepseek41} (V4 spec 7.1). */
final class GgufConfiguration {
  private static final int SQRT_SOFTPLUS = 4;
  private static final int QUANTIZATION_VERSION = 2;

  /** What a model without window layers says of them. */
  private static final double WINDOW_THETA = 10000;

  private final ModelConfig config;
  private final String prefix;
  private final GgufWriter.Layout layout;

  private GgufConfiguration(ModelConfig config, String architecture, GgufWriter.Layout layout) {
    this.config = config;
    this.prefix = architecture + ".";
    this.layout = layout;
  }

  static void declare(ModelConfig config, String name, GgufWriter.Layout layout) {
    boolean shared = config.indexer().keys() == IndexerConfig.Keys.PROJECTED;
    String architecture = shared ? "deepseek41" : "deepseek4";
    layout
        .put("general.architecture", GgufValue.text(architecture))
        .put("general.name", GgufValue.text(name))
        .put("general.quantization_version", GgufValue.uint32(QUANTIZATION_VERSION));
    GgufConfiguration metadata = new GgufConfiguration(config, architecture, layout);
    metadata.sizes();
    metadata.attention();
    metadata.rope();
    metadata.experts(shared);
    if (shared) {
      metadata.streams();
    }
  }

  private void sizes() {
    whole("block_count", config.layers().size());
    whole("context_length", config.contextLength());
    whole("embedding_length", config.hiddenSize());
    whole("vocab_size", config.vocabSize());
    whole("hyper_connection.count", config.hyper().streams());
    whole("hyper_connection.sinkhorn_iterations", config.hyper().iterations());
    real("hyper_connection.epsilon", config.hyper().eps());
  }

  private void attention() {
    AttentionConfig a = config.attention();
    whole("attention.head_count", a.heads());
    whole("attention.head_count_kv", 1);
    whole("attention.key_length", a.headDim());
    whole("attention.value_length", a.headDim());
    real("attention.layer_norm_rms_epsilon", config.normEps());
    whole("attention.q_lora_rank", a.queryRank());
    whole("attention.output_lora_rank", a.outRank());
    whole("attention.output_group_count", a.outGroups());
    whole("attention.sliding_window", a.window());
    wholes(
        "attention.compress_ratios",
        config.layers().stream().mapToLong(LayerConfig::ratio).toArray());
    IndexerConfig x = config.indexer();
    whole("attention.indexer.head_count", x.heads());
    whole("attention.indexer.key_length", x.headDim());
    whole("attention.indexer.top_k", x.topK());
  }

  private void rope() {
    whole("rope.dimension_count", config.attention().ropeDim());
    real(
        "rope.freq_base",
        config.layers().stream()
            .filter(layer -> layer.ratio() == 0)
            .mapToDouble(layer -> layer.rope().theta())
            .findFirst()
            .orElse(WINDOW_THETA));
    RopeConfig compressed =
        config.layers().stream()
            .filter(layer -> layer.ratio() > 0)
            .map(LayerConfig::rope)
            .findFirst()
            .orElseThrow();
    real("attention.compress_rope_freq_base", compressed.theta());
    RopeConfig.Yarn yarn = compressed.yarn();
    if (yarn != null) {
      layout.put(prefix + "rope.scaling.type", GgufValue.text("yarn"));
      real("rope.scaling.factor", yarn.factor());
      whole("rope.scaling.original_context_length", yarn.originalContext());
      real("rope.scaling.yarn_beta_fast", yarn.betaFast());
      real("rope.scaling.yarn_beta_slow", yarn.betaSlow());
    }
  }

  private void experts(boolean shared) {
    LayerConfig first = config.layers().getFirst();
    MoeConfig m = first.moe();
    whole("expert_count", m.experts());
    whole("expert_used_count", m.activeExperts());
    whole("expert_shared_count", m.sharedExperts());
    whole("expert_feed_forward_length", m.width());
    real("expert_weights_scale", m.routedScale());
    layout.put(prefix + "expert_weights_norm", GgufValue.bool(true));
    whole("expert_gating_func", SQRT_SOFTPLUS);
    if (!shared) {
      whole(
          "hash_layer_count",
          Math.toIntExact(config.layers().stream().filter(LayerConfig::hashRouted).count()));
    }
    float[] limits = new float[config.layers().size()];
    for (int i = 0; i < limits.length; i++) {
      limits[i] = config.layers().get(i).routedLimit();
    }
    layout.put(prefix + "swiglu_clamp_exp", GgufValue.floats(limits));
    layout.put(prefix + "swiglu_clamp_shexp", GgufValue.floats(limits));
  }

  /** Who makes and who chooses compressed entries (V4.1 spec 3). */
  private void streams() {
    wholes("attention.kv_source_layers", layers(LayerConfig::compresses));
    wholes("attention.index_source_layers", layers(LayerConfig::selects));
    IndexerConfig.Candidates candidates = config.indexer().candidates();
    if (candidates != null) {
      whole("attention.candidate_source_layer", candidates.source());
      whole("attention.candidate_topk_blocks", candidates.blocks());
      whole("attention.candidate_block_size", candidates.blockSize());
    }
  }

  private long[] layers(Predicate<LayerConfig> which) {
    return config.layers().stream().filter(which).mapToLong(LayerConfig::index).toArray();
  }

  private void whole(String key, int value) {
    layout.put(prefix + key, GgufValue.uint32(value));
  }

  private void wholes(String key, long... values) {
    layout.put(prefix + key, GgufValue.wholes(GgufValueType.INT32, values));
  }

  private void real(String key, double value) {
    layout.put(prefix + key, GgufValue.float32((float) value));
  }
}
