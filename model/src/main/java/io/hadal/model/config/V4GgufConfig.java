package io.hadal.model.config;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.GgufMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code deepseek4} metadata of a GGUF file (spec 7.1). */
public final class V4GgufConfig {
  private final GgufMetadata meta;
  private final String prefix;
  private final String source;

  private V4GgufConfig(GgufMetadata meta, String arch, String source) {
    this.meta = meta;
    this.prefix = arch + ".";
    this.source = source;
  }

  /** Reads the configuration of a file whose {@code general.architecture} is supported. */
  public static ModelConfig read(GgufMetadata meta, String source) {
    String arch = meta.requireString("general.architecture");
    if (!arch.equals("deepseek4")) {
      throw new FormatException(
          source, "architecture " + arch + " is not supported; supported: deepseek4");
    }
    return new V4GgufConfig(meta, arch, source).read();
  }

  private ModelConfig read() {
    int drafterCount = intOr(0, "nextn_predict_layers");
    if (drafterCount > ConfigChecks.MAX_DRAFTERS) {
      throw error("nextn_predict_layers", "is " + drafterCount + ", more than a model can have");
    }
    int layerCount = integer("block_count") - drafterCount;
    List<Integer> ratios = integers("attention.compress_ratios");
    if (layerCount < 1 || ratios.size() < layerCount) {
      throw error(
          "attention.compress_ratios",
          "has " + ratios.size() + " entries for " + layerCount + " layers");
    }
    if (intOr(4, "expert_gating_func") != 4) {
      throw error("expert_gating_func", "is not 4 (sqrtsoftplus)");
    }
    float[] routedLimits = limits("swiglu_clamp_exp", layerCount + drafterCount, null);
    float[] sharedLimits = limits("swiglu_clamp_shexp", layerCount + drafterCount, routedLimits);
    int hashLayers = intOr(0, "hash_layer_count");
    V4Layers layers =
        new V4Layers(
            new RopeConfig(real("rope.freq_base"), null),
            new RopeConfig(real("attention.compress_rope_freq_base"), yarn()),
            new MoeConfig(
                integer("expert_count"),
                integer("expert_used_count"),
                intOr(1, "expert_shared_count"),
                integer("expert_feed_forward_length"),
                (float) realOr(1.0, "expert_weights_scale")));
    List<LayerConfig> trunk = new ArrayList<>();
    for (int i = 0; i < layerCount; i++) {
      if (ratios.get(i) < 0) {
        throw error("attention.compress_ratios", "holds " + ratios.get(i));
      }
      trunk.add(layers.trunk(i, ratios.get(i), i < hashLayers, routedLimits[i], sharedLimits[i]));
    }
    List<LayerConfig> drafters = new ArrayList<>();
    for (int i = layerCount; i < layerCount + drafterCount; i++) {
      drafters.add(layers.drafter(i - layerCount, routedLimits[i], sharedLimits[i]));
    }
    return ConfigChecks.check(
        new ModelConfig(
            "deepseek_v4",
            intOr(vocabularySize(), "vocab_size"),
            integer("embedding_length"),
            integer("context_length"),
            token("tokenizer.ggml.bos_token_id", 0),
            token("tokenizer.ggml.eos_token_id", 1),
            -1,
            (float) real("attention.layer_norm_rms_epsilon"),
            new ActivationCode(128, false),
            V4Layers.CACHE_CODE,
            V4Layers.CACHE_CODE,
            new HyperConfig(
                integer("hyper_connection.count"),
                integer("hyper_connection.sinkhorn_iterations"),
                (float) real("hyper_connection.epsilon"),
                false),
            new AttentionConfig(
                integer("attention.head_count"),
                integer("attention.key_length"),
                integer("rope.dimension_count"),
                integer("attention.q_lora_rank"),
                integer("attention.output_group_count"),
                integer("attention.output_lora_rank"),
                integer("attention.sliding_window"),
                true),
            new IndexerConfig(
                integer("attention.indexer.head_count"),
                integer("attention.indexer.key_length"),
                integer("attention.indexer.top_k"),
                IndexerConfig.Keys.COMPRESSED,
                null),
            trunk,
            drafters,
            null,
            null),
        this::error);
  }

  private RopeConfig.Yarn yarn() {
    String type = meta.getString(prefix + "rope.scaling.type");
    if (type != null && !type.equals("yarn")) {
      throw error("rope.scaling.type", "is " + type + "; supported: yarn");
    }
    return new RopeConfig.Yarn(
        real("rope.scaling.factor"),
        integer("rope.scaling.original_context_length"),
        realOr(32, "rope.scaling.yarn_beta_fast"),
        realOr(1, "rope.scaling.yarn_beta_slow"));
  }

  private int vocabularySize() {
    List<String> tokens = meta.getStringArray("tokenizer.ggml.tokens");
    return tokens == null ? 0 : tokens.size();
  }

  private float[] limits(String key, int count, float @Nullable [] fallback) {
    double[] values = meta.getDoubleArray(prefix + key);
    float[] out = new float[count];
    if (values == null) {
      if (fallback != null) {
        return fallback;
      }
      Arrays.fill(out, Float.POSITIVE_INFINITY);
      return out;
    }
    for (int i = 0; i < count; i++) {
      // Files written without the drafter have one entry per trunk layer.
      double v = values[Math.min(i, values.length - 1)];
      // Converters write 0 for "no clamp".
      out[i] = v > 0 ? (float) v : Float.POSITIVE_INFINITY;
    }
    return out;
  }

  private int token(String key, int fallback) {
    Long v = meta.getLong(key);
    return v == null ? fallback : toInt(key, v);
  }

  private int integer(String key) {
    int v = toInt(key, meta.requireLong(prefix + key));
    if (v < 1) {
      throw error(key, "must be positive, is " + v);
    }
    return v;
  }

  private int intOr(int fallback, String key) {
    Long v = meta.getLong(prefix + key);
    return v == null ? fallback : toInt(key, v);
  }

  private List<Integer> integers(String key) {
    long[] values = meta.getLongArray(prefix + key);
    if (values == null) {
      throw error(key, "is missing");
    }
    List<Integer> out = new ArrayList<>();
    for (long v : values) {
      out.add(toInt(key, v));
    }
    return out;
  }

  private int toInt(String key, long v) {
    if (v < 0 || v > Integer.MAX_VALUE) {
      throw error(key, "is out of range: " + v);
    }
    return (int) v;
  }

  private double real(String key) {
    return finite(key, meta.requireDouble(prefix + key));
  }

  private double realOr(double fallback, String key) {
    Double v = meta.getDouble(prefix + key);
    return v == null ? fallback : finite(key, v);
  }

  private double finite(String key, double v) {
    if (!Double.isFinite(v)) {
      throw error(key, "must be finite, is " + v);
    }
    return v;
  }

  private FormatException error(String key, String message) {
    return new FormatException(source, "metadata " + prefix + key + " " + message);
  }
}
