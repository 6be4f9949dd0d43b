package io.hadal.model.config;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.GgufMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Typed reads of an architecture's GGUF keys; the first spelling present wins. */
final class GgufFields {
  private static final int MAX_LAYERS = 4096;

  private final GgufMetadata meta;
  private final String prefix;
  private final String source;

  GgufFields(GgufMetadata meta, String architecture, String source) {
    this.meta = meta;
    this.prefix = architecture + ".";
    this.source = source;
  }

  FormatException error(String key, String message) {
    return new FormatException(source, "metadata " + prefix + key + " " + message);
  }

  /** The first spelling that is present, else the first one. */
  private String full(String... keys) {
    for (String key : keys) {
      if (meta.has(prefix + key)) {
        return prefix + key;
      }
    }
    return prefix + keys[0];
  }

  boolean has(String... keys) {
    return meta.has(full(keys));
  }

  int positive(String... keys) {
    int v = toInt(keys[0], meta.requireLong(full(keys)));
    if (v < 1) {
      throw error(keys[0], "must be positive, is " + v);
    }
    return v;
  }

  int positiveOr(int fallback, String... keys) {
    return has(keys) ? positive(keys) : fallback;
  }

  int numberOr(int fallback, String... keys) {
    Long v = meta.getLong(full(keys));
    return v == null ? fallback : toInt(keys[0], v);
  }

  /** Layers of the file, drafters included. */
  int blocks() {
    int count = positive("block_count");
    if (count > MAX_LAYERS) {
      throw error("block_count", "is " + count + ", above the supported " + MAX_LAYERS);
    }
    return count;
  }

  /** The list, or null; a single number counts as a list of one. */
  @Nullable List<Integer> numbersOrNull(String... keys) {
    long[] values = meta.longs(full(keys));
    if (values == null) {
      return null;
    }
    List<Integer> out = new ArrayList<>();
    for (long v : values) {
      out.add(toInt(keys[0], v));
    }
    return out;
  }

  List<Integer> numbers(String... keys) {
    List<Integer> values = numbersOrNull(keys);
    if (values == null) {
      throw error(keys[0], "is missing");
    }
    return values;
  }

  List<Long> longs(String... keys) {
    long[] values = meta.longs(full(keys));
    return values == null ? List.of() : Arrays.stream(values).boxed().toList();
  }

  double real(String... keys) {
    return finite(keys[0], meta.requireDouble(full(keys)));
  }

  double realOr(double fallback, String... keys) {
    Double v = meta.getDouble(full(keys));
    return v == null ? fallback : finite(keys[0], v);
  }

  @Nullable String textOrNull(String... keys) {
    return meta.getString(full(keys));
  }

  /** YaRN constants of the compressed layers (V4 spec 7.1). */
  RopeConfig.Yarn yarn() {
    String type = textOrNull("rope.scaling.type");
    if (type != null && !type.equals("yarn")) {
      throw error("rope.scaling.type", "is " + type + "; supported: yarn");
    }
    return new RopeConfig.Yarn(
        real("rope.scaling.factor"),
        positive("rope.scaling.original_context_length"),
        realOr(32, "rope.scaling.yarn_beta_fast"),
        realOr(1, "rope.scaling.yarn_beta_slow"));
  }

  /** SwiGLU clamps by layer; +inf, or the fallback, where the key is missing. */
  float[] limits(String key, int count, float @Nullable [] fallback) {
    double[] values = meta.doubles(prefix + key);
    if (values == null && fallback != null) {
      return fallback;
    }
    float[] out = new float[count];
    if (values == null) {
      Arrays.fill(out, Float.POSITIVE_INFINITY);
      return out;
    }
    if (values.length == 0) {
      throw error(key, "is empty");
    }
    for (int i = 0; i < count; i++) {
      // Files written without the drafter have one entry per trunk layer.
      double v = values[Math.min(i, values.length - 1)];
      // Converters write 0 for "no clamp".
      out[i] = v > 0 ? (float) v : Float.POSITIVE_INFINITY;
    }
    return out;
  }

  /**
   * @param normalizesLone true when the weight of a lone chosen expert is one, not its score
   */
  MoeConfig moe(boolean normalizesLone) {
    if (numberOr(4, "expert_gating_func") != 4) {
      throw error("expert_gating_func", "is not 4 (sqrtsoftplus)");
    }
    int active = positive("expert_used_count");
    return new MoeConfig(
        positive("expert_count"),
        active,
        numberOr(1, "expert_shared_count"),
        positive("expert_feed_forward_length"),
        (float) realOr(1.0, "expert_weights_scale"),
        active > 1 || normalizesLone);
  }

  HyperConfig hyper(boolean delayed) {
    return new HyperConfig(
        positive("hyper_connection.count"),
        positive("hyper_connection.sinkhorn_iterations"),
        (float) real("hyper_connection.epsilon"),
        delayed);
  }

  AttentionConfig attention(boolean normalizesHeads) {
    return new AttentionConfig(
        positive("attention.head_count"),
        positive("attention.key_length"),
        positive("rope.dimension_count"),
        positive("attention.q_lora_rank"),
        positive("attention.output_group_count"),
        positive("attention.output_lora_rank"),
        positive("attention.sliding_window"),
        normalizesHeads);
  }

  IndexerConfig indexer(IndexerConfig.Keys keys, IndexerConfig.@Nullable Candidates candidates) {
    return new IndexerConfig(
        positive("attention.indexer.head_count"),
        positive("attention.indexer.key_length"),
        positive("attention.indexer.top_k"),
        keys,
        candidates);
  }

  int vocabularySize() {
    List<String> tokens = meta.getStringArray("tokenizer.ggml.tokens");
    return numberOr(tokens == null ? 0 : tokens.size(), "vocab_size");
  }

  int bosId() {
    return token("tokenizer.ggml.bos_token_id", 0);
  }

  int eosId() {
    return token("tokenizer.ggml.eos_token_id", 1);
  }

  private int token(String key, int fallback) {
    Long v = meta.getLong(key);
    if (v != null && (v < 0 || v > Integer.MAX_VALUE)) {
      throw new FormatException(source, "metadata " + key + " is out of range: " + v);
    }
    return v == null ? fallback : v.intValue();
  }

  private int toInt(String key, long v) {
    if (v < 0 || v > Integer.MAX_VALUE) {
      throw error(key, "is out of range: " + v);
    }
    return (int) v;
  }

  private double finite(String key, double v) {
    if (!Double.isFinite(v)) {
      throw error(key, "must be finite, is " + v);
    }
    return v;
  }
}
