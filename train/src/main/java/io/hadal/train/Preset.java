package io.hadal.train;

import io.hadal.formats.tokenizer.Tokenizer;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Model configurations by one number: everything else follows from the depth. All parts of the
 * architecture are in: window layers, compressed and full-resolution entries with an indexer,
 * experts of which the first layer's are hash-routed, hyper-connections, n-gram memory.
 */
public enum Preset {
  /** For trials. */
  MICRO(3),
  /** About 5 M parameters. */
  TINY(4),
  /** The model that comes with Hadal: about 20 M parameters. */
  NANO(6),
  /** About 70 M parameters. */
  SMALL(10);

  /** Deepest model that {@link #model} describes. */
  public static final int MAX_DEPTH = 32;

  private final int depth;

  Preset(int depth) {
    this.depth = depth;
  }

  public int depth() {
    return depth;
  }

  /**
   * Configuration of a model.
   *
   * @param depth layers, 2..{@value #MAX_DEPTH}
   * @param vocab token ids
   * @param bos id that begins a document
   * @param eos id that ends one
   * @param pad id that stands for blocked places of n-grams
   */
  public static ObjectNode model(int depth, int vocab, int bos, int eos, int pad) {
    if (depth < 2 || depth > MAX_DEPTH) {
      throw new IllegalArgumentException("depth must be 2.." + MAX_DEPTH + ", not " + depth);
    }
    int hidden = 64 * Math.max(2, Math.round(depth * 2 / 3f));
    int heads = hidden / 64;
    int groups = heads % 2 == 0 ? 2 : 1;
    ObjectNode o = JsonNodeFactory.instance.objectNode();
    o.put("model_type", "hadal");
    o.put("vocab_size", vocab);
    o.put("hidden_size", hidden);
    o.put("num_hidden_layers", depth);
    o.put("num_attention_heads", heads);
    o.put("head_dim", 64);
    o.put("qk_rope_head_dim", 32);
    o.put("q_lora_rank", hidden / 2);
    o.put("o_groups", groups);
    o.put("o_lora_rank", hidden / 2 / groups);
    o.put("sliding_window", 128);
    streams(o, depth);
    o.put("index_n_heads", 2);
    o.put("index_head_dim", 64);
    o.put("index_topk", 128);
    o.put("n_routed_experts", 8);
    o.put("num_experts_per_tok", 2);
    o.put("n_shared_experts", 1);
    o.put("num_hash_layers", 1);
    o.put("moe_intermediate_size", hidden);
    o.put("routed_scaling_factor", 1.5);
    o.put("swiglu_limit", 10.0);
    o.put("hc_mult", 4);
    o.put("hc_sinkhorn_iters", 20);
    o.put("hc_eps", 1e-6);
    o.put("rms_norm_eps", 1e-6);
    o.put("rope_theta", 10000);
    o.put("compress_rope_theta", 160000);
    o.put("max_position_embeddings", 8192);
    o.put("bos_token_id", bos);
    o.put("eos_token_id", eos);
    engram(o, depth, hidden, pad);
    return o;
  }

  /**
   * Adds a block drafter of one dense stage to a configuration (V4.1 spec 5).
   *
   * @param model {@code config.json}; the fields may lie under {@code text_config}
   * @param block tokens of a proposal
   * @param noise id that stands for the unknown ones
   */
  public static void addDrafter(ObjectNode model, int block, int noise) {
    ObjectNode o = text(model);
    int hidden = first(o, "hidden_size", "dim");
    int depth = first(o, "num_hidden_layers", "n_layers");
    o.put("num_nextn_predict_layers", 1);
    o.put("dspark_block_size", block);
    o.put("dspark_noise_token_id", noise);
    ArrayNode targets = o.putArray("dspark_target_layer_ids");
    for (int i = Math.max(0, depth - 3); i < depth; i++) {
      targets.add(i);
    }
    o.put("dspark_markov_rank", Math.max(1, hidden / 8));
    o.put("dspark_n_routed_experts", 0);
  }

  /** Takes a drafter of any kind out of a configuration. */
  public static void removeDrafter(ObjectNode model) {
    text(model).remove(List.of("num_nextn_predict_layers", "n_mtp_layers"));
  }

  private static ObjectNode text(ObjectNode model) {
    return model.path("text_config") instanceof ObjectNode text ? text : model;
  }

  private static int first(ObjectNode o, String name, String other) {
    return o.path(name).asInt(o.path(other).asInt(0));
  }

  /** Id for unknown tokens of a proposal: one that no text has. */
  public static int noise(Tokenizer tokenizer) {
    return Stream.of("<｜place▁holder▁no▁0｜>", "<｜▁pad▁｜>")
        .flatMapToInt(text -> tokenizer.id(text).stream())
        .findFirst()
        .orElse(0);
  }

  /**
   * Adds a residual head for filling in.
   *
   * @param mark id that it acts behind
   */
  static void addCompletionHead(ObjectNode model, int mark) {
    model.put("completion_head_rank", Math.max(1, model.path("hidden_size").asInt(0) / 8));
    model.put("completion_head_token_id", mark);
  }

  /** Window layers, then entries of four tokens each, then entries of single tokens. */
  private static void streams(ObjectNode o, int depth) {
    int window = depth >= 5 ? 2 : 1;
    int pooled = (depth - window) / 2;
    ArrayNode ratios = o.putArray("compress_ratios");
    for (int i = 0; i < depth; i++) {
      ratios.add(i < window ? 0 : i < window + pooled ? 4 : 1);
    }
    ArrayNode sources = o.putArray("kv_source_layer_ids");
    ArrayNode indexers = o.putArray("index_source_layer_ids");
    if (pooled > 0) {
      sources.add(window);
      indexers.add(window);
    }
    sources.add(window + pooled);
    for (int i = window + pooled; i < depth; i += 4) {
      indexers.add(i);
    }
  }

  private static void engram(ObjectNode o, int depth, int hidden, int pad) {
    ArrayNode layers = o.putArray("engram_layer_ids");
    layers.add(1);
    if (depth / 2 > 1) {
      layers.add(depth / 2);
    }
    o.put("engram_max_ngram_size", 3);
    o.put("engram_n_heads", 2);
    o.put("engram_head_dim", hidden / 8);
    o.put("engram_vocab_size", 64 * hidden);
    o.put("engram_pad_token_id", pad);
    o.put("engram_canonical_map", "case_kept");
  }
}
