package io.hadal.model.synthetic;

import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Layer dimensions of a released model, and how few layers stand for its many. */
public enum SyntheticShape {
  /** V4-Flash (V4 spec 1.1). */
  V4_FLASH(
      4,
      32,
      16384,
      43,
      256,
      """
      {"architectures": ["DeepseekV4ForCausalLM"], "model_type": "deepseek_v4",
       "hidden_size": 4096, "num_attention_heads": 64, "head_dim": 512, "q_lora_rank": 1024,
       "o_groups": 8, "o_lora_rank": 1024, "moe_intermediate_size": 2048,
       "num_experts_per_tok": 6, "qk_rope_head_dim": 64, "index_n_heads": 64,
       "index_head_dim": 128, "index_topk": 512, "sliding_window": 128, "hc_mult": 4,
       "max_position_embeddings": 1048576, "rms_norm_eps": 1e-6}"""),

  /** V4.1-Flash without its n-gram tables (V4.1 spec 1). */
  V41_FLASH(
      6,
      32,
      16384,
      40,
      384,
      """
      {"architectures": ["DeepseekV41ForCausalLM"], "model_type": "deepseek_v41",
       "hidden_size": 5120, "num_attention_heads": 64, "head_dim": 512, "q_lora_rank": 1280,
       "o_groups": 8, "o_lora_rank": 1024, "moe_intermediate_size": 2304,
       "num_experts_per_tok": 6, "qk_rope_head_dim": 64, "index_n_heads": 32,
       "index_head_dim": 128, "index_topk": 512, "sliding_window": 128, "hc_mult": 4,
       "candidate_topk_blocks": 2048, "candidate_block_size": 8,
       "max_position_embeddings": 1048576, "rms_norm_eps": 1e-20}"""),

  /** Every part of a V4 model in the least numbers that fill blocks of all types. */
  TINY(
      4,
      8,
      512,
      43,
      256,
      """
      {"architectures": ["DeepseekV4ForCausalLM"], "model_type": "deepseek_v4",
       "hidden_size": 256, "num_attention_heads": 8, "head_dim": 64, "q_lora_rank": 256,
       "o_groups": 2, "o_lora_rank": 128, "moe_intermediate_size": 256,
       "num_experts_per_tok": 2, "qk_rope_head_dim": 32, "index_n_heads": 8,
       "index_head_dim": 64, "index_topk": 16, "sliding_window": 32, "hc_mult": 4,
       "max_position_embeddings": 65536, "rms_norm_eps": 1e-6}"""),

  /** The same of V4.1. */
  TINY_V41(
      6,
      8,
      512,
      40,
      384,
      """
      {"architectures": ["DeepseekV41ForCausalLM"], "model_type": "deepseek_v41",
       "hidden_size": 256, "num_attention_heads": 8, "head_dim": 64, "q_lora_rank": 256,
       "o_groups": 2, "o_lora_rank": 128, "moe_intermediate_size": 256,
       "num_experts_per_tok": 2, "qk_rope_head_dim": 32, "index_n_heads": 8,
       "index_head_dim": 64, "index_topk": 16, "sliding_window": 32, "hc_mult": 4,
       "candidate_topk_blocks": 8, "candidate_block_size": 4,
       "max_position_embeddings": 65536, "rms_norm_eps": 1e-20}""");

  /** Fields in which the shapes agree. */
  private static final String COMMON =
      """
      {"num_key_value_heads": 1, "n_shared_experts": 1, "scoring_func": "sqrtsoftplus",
       "topk_method": "noaux_tc", "norm_topk_prob": true, "routed_scaling_factor": 1.5,
       "swiglu_limit": 10.0, "hc_sinkhorn_iters": 20, "hc_eps": 1e-6, "rope_theta": 10000,
       "compress_rope_theta": 160000,
       "rope_scaling": {"type": "yarn", "factor": 16, "original_max_position_embeddings": 65536,
                        "beta_fast": 32, "beta_slow": 1},
       "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2, "attention_bias": false,
       "tie_word_embeddings": false, "hidden_act": "silu", "torch_dtype": "bfloat16",
       "num_nextn_predict_layers": 0}""";

  /** From here on windows and hash-routed layers are as many as in the releases. */
  private static final int RELEASED_START = 8;

  private final int layers;
  private final int experts;
  private final int vocabulary;
  private final int mostLayers;
  private final int mostExperts;
  private final String fields;

  SyntheticShape(
      int layers, int experts, int vocabulary, int mostLayers, int mostExperts, String fields) {
    this.layers = layers;
    this.experts = experts;
    this.vocabulary = vocabulary;
    this.mostLayers = mostLayers;
    this.mostExperts = mostExperts;
    this.fields = fields;
  }

  /** Layers when nobody asks for another number. */
  public int layers() {
    return layers;
  }

  /** Routed experts of a layer when nobody asks for another number. */
  public int experts() {
    return experts;
  }

  /** Vocabulary when nobody asks for another size. */
  public int vocabulary() {
    return vocabulary;
  }

  /** Layers of the released model. */
  public int mostLayers() {
    return mostLayers;
  }

  /** Routed experts of the released model. */
  public int mostExperts() {
    return mostExperts;
  }

  /** Routed experts a token uses, the fewest a layer can have. */
  public int activeExperts() {
    return object(fields).get("num_experts_per_tok").intValue();
  }

  /** The {@code config.json} of such a model. */
  ObjectNode config(int layers, int experts, int vocabulary) {
    ObjectNode config = object(fields);
    config.setAll(object(COMMON));
    config.put("num_hidden_layers", layers);
    config.put("n_routed_experts", experts);
    config.put("vocab_size", vocabulary);
    if (this == V41_FLASH || this == TINY_V41) {
      streams(config, layers);
    } else {
      kinds(config, layers);
    }
    return config;
  }

  /** Window layers, then ratios 4 and 128 in turn; the first layers are hash-routed. */
  private static void kinds(ObjectNode config, int layers) {
    boolean many = layers >= RELEASED_START;
    int windows = many ? 2 : layers >= 3 ? 1 : 0;
    List<Integer> ratios = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      ratios.add(i < windows ? 0 : (i - windows) % 2 == 0 ? 4 : 128);
    }
    put(config, "compress_ratios", ratios);
    config.put("num_hash_layers", many ? 3 : windows);
  }

  /** Shared streams of ratio 2 in the first half and one of ratio 1 in the second. */
  private static void streams(ObjectNode config, int layers) {
    int windows = layers >= RELEASED_START ? 2 : layers >= 3 ? 1 : 0;
    int half = layers == 1 ? 0 : Math.max(layers / 2, windows + 1);
    List<Integer> ratios = new ArrayList<>();
    List<Integer> sources = new ArrayList<>();
    List<Integer> indexed = new ArrayList<>();
    int again = layers >= 2 * RELEASED_START ? 4 : 2;
    for (int i = 0; i < layers; i++) {
      ratios.add(i < windows ? 0 : i < half ? 2 : 1);
      if (i == half || (i >= windows && i < half && (i - windows) % 6 == 0)) {
        sources.add(i);
        indexed.add(i);
      } else if (i > half && (i - half) % again == 0) {
        indexed.add(i);
      }
    }
    put(config, "compress_ratios", ratios);
    put(config, "kv_source_layer_ids", sources);
    put(config, "index_source_layer_ids", indexed);
    config.put("candidate_source_layer_id", half);
  }

  private static void put(ObjectNode config, String field, List<Integer> values) {
    ArrayNode list = config.putArray(field);
    values.forEach(list::add);
  }

  private ObjectNode object(String json) {
    return (ObjectNode) Json.parse(json.getBytes(StandardCharsets.UTF_8), name());
  }
}
