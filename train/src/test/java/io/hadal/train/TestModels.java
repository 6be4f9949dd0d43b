package io.hadal.train;

import io.hadal.formats.Json;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.EngramModule;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Small models with every part. */
public final class TestModels {
  private TestModels() {}

  /** V4.1 configuration: window layers, full, reindexing and reusing layers of ratio 4 and 1. */
  public static JsonNode config(int topK, int streams) {
    String text =
        """
        {"model_type": "deepseek_v41", "vocab_size": 130, "hidden_size": 48,
         "num_hidden_layers": 6, "num_attention_heads": 4, "head_dim": 24,
         "qk_rope_head_dim": 8, "q_lora_rank": 20, "o_groups": 2, "o_lora_rank": 12,
         "sliding_window": 7, "compress_ratios": [0, 4, 4, 4, 1, 0],
         "kv_source_layer_ids": [1, 4], "index_source_layer_ids": [1, 3, 4],
         "index_n_heads": 2, "index_head_dim": 16, "index_topk": %d,
         "n_routed_experts": 5, "num_experts_per_tok": 2, "n_shared_experts": 1,
         "moe_intermediate_size": 20, "routed_scaling_factor": 1.5, "swiglu_limit": 2.0,
         "hc_mult": %d, "hc_sinkhorn_iters": 5, "hc_eps": 1e-6, "rms_norm_eps": 1e-6,
         "rope_theta": 10000, "compress_rope_theta": 160000, "max_position_embeddings": 256,
         "rope_scaling": {"rope_type": "yarn", "factor": 4, "beta_fast": 32, "beta_slow": 1,
                          "original_max_position_embeddings": 64},
         "bos_token_id": 0, "eos_token_id": 1}
        """
            .formatted(topK, streams);
    return Json.parse(text.getBytes(StandardCharsets.UTF_8), "test config");
  }

  /** The same as a Hadal model with hash layers and an n-gram memory. */
  public static ObjectNode hadal(int streams, String gate, boolean channels) {
    ObjectNode o = (ObjectNode) config(512, streams);
    o.put("model_type", "hadal");
    o.put("vocab_size", 520);
    o.put("num_hash_layers", 1);
    o.putArray("engram_layer_ids").add(1).add(3);
    o.put("engram_max_ngram_size", 3);
    o.put("engram_n_heads", 2);
    o.put("engram_head_dim", 6);
    o.put("engram_vocab_size", 40);
    o.put("engram_pad_token_id", 2);
    o.put("engram_canonical_map", "case_kept");
    o.put("engram_gate", gate);
    o.put("engram_projection_bias", channels);
    if (channels) {
      o.putObject("engram_channels").put("S3", 30).put("I", 20).put("A", 25);
    }
    return o;
  }

  /** A Hadal model without routed experts and without an n-gram memory. */
  public static ObjectNode dense(int streams) {
    ObjectNode o = (ObjectNode) config(512, streams);
    o.put("model_type", "hadal");
    o.put("vocab_size", 520);
    o.put("n_routed_experts", 0);
    o.remove("num_experts_per_tok");
    o.put("moe_intermediate_size", 52);
    return o;
  }

  /** Adds a block drafter of two stages to a configuration. */
  public static ObjectNode drafted(JsonNode config, int experts) {
    ObjectNode o = (ObjectNode) config;
    o.put("num_nextn_predict_layers", 2);
    o.put("dspark_block_size", 3);
    o.put("dspark_noise_token_id", 2);
    o.putArray("dspark_target_layer_ids").add(2).add(5);
    o.put("dspark_markov_rank", 6);
    o.put("dspark_n_routed_experts", experts);
    o.put("dspark_num_experts_per_tok", 2);
    return o;
  }

  /** Adds a residual head for filling in to a configuration. */
  public static ObjectNode completing(JsonNode config) {
    return ((ObjectNode) config)
        .put("model_type", "hadal")
        .put("completion_head_rank", 5)
        .put("completion_head_token_id", 7);
  }

  /** Tokenizer of 512 ids. */
  public static Path tokenizer() {
    try {
      URL url = Objects.requireNonNull(TestModels.class.getResource("tiny_tokenizer.json"));
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** N-gram memories of a configuration. */
  public static List<EngramModule> engrams(ModelConfig config) {
    return EngramModules.of(config, Tokenizer.fromJson(tokenizer()), "test tokenizer");
  }

  /** Expert tables of a configuration. */
  public static Map<Integer, int[]> tables(ModelConfig config) {
    return HashRouting.tables(config, new long[config.vocabSize()], 5);
  }

  /** Random token ids. */
  public static int[] tokens(Random random, int count, int vocab) {
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = random.nextInt(vocab);
    }
    return ids;
  }
}
