package io.hadal.engine.tiny;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Sizes of a tiny V4.1 model (V4.1 spec 1). */
public final class V41Config extends TinyConfig {
  public int[] kvSources = {2, 4};
  public int[] indexSources = {2, 4, 5};

  /** Negative for none. */
  public int candidateSource = 4;

  public int candidateBlocks = 3;
  public int candidateSize = 2;
  public int[] engramLayers = {1};
  public int engramOrder = 4;
  public int engramHeads = 2;
  public int engramDim = 8;
  public int engramVocab = 40;
  public int engramPad = 2;
  public int draftBlock = 5;
  public int[] draftTargets = {3, 5};
  public int draftNoise = 7;
  public int draftExperts = 5;
  public int draftActive = 2;
  public int markovRank = 16;

  private V41Config() {
    vocab = 300;
    ratios = new int[] {0, 0, 2, 2, 1, 1};
    eps = 1e-20;
    drafters = 2;
    window = 6;
    hashLayers = 0;
  }

  /** The defaults with some changes. */
  public static V41Config ofV41(Consumer<V41Config> changes) {
    V41Config c = new V41Config();
    changes.accept(c);
    return c;
  }

  /** The configuration of a nested {@code config.json}. */
  public static V41Config read(JsonNode root) {
    JsonNode t = root.path("text_config");
    return ofV41(
        c -> {
          c.vocab = t.path("vocab_size").intValue();
          c.hidden = t.path("hidden_size").intValue();
          c.heads = t.path("num_attention_heads").intValue();
          c.headDim = t.path("head_dim").intValue();
          c.ropeDim = t.path("qk_rope_head_dim").intValue();
          c.queryRank = t.path("q_lora_rank").intValue();
          c.groups = t.path("o_groups").intValue();
          c.outRank = t.path("o_lora_rank").intValue();
          c.window = t.path("sliding_window").intValue();
          c.streams = t.path("hc_mult").intValue();
          c.sinkhorn = t.path("hc_sinkhorn_iters").intValue();
          c.experts = t.path("n_routed_experts").intValue();
          c.active = t.path("num_experts_per_tok").intValue();
          c.shared = t.path("n_shared_experts").intValue();
          c.moeWidth = t.path("moe_intermediate_size").intValue();
          c.indexHeads = t.path("index_n_heads").intValue();
          c.indexDim = t.path("index_head_dim").intValue();
          c.topK = t.path("index_topk").intValue();
          c.ratios = Arrays.copyOf(ints(t, "compress_ratios"), t.path("num_hidden_layers").asInt());
          c.drafters = t.path("num_nextn_predict_layers").intValue();
          c.limit = t.path("swiglu_limit").doubleValue();
          c.routedScale = t.path("routed_scaling_factor").doubleValue();
          c.eps = t.path("rms_norm_eps").doubleValue();
          c.hyperEps = t.path("hc_eps").doubleValue();
          c.theta = t.path("rope_theta").doubleValue();
          c.compressedTheta = t.path("compress_rope_theta").doubleValue();
          JsonNode yarn = t.path("rope_scaling");
          c.yarnFactor = yarn.path("factor").doubleValue();
          c.yarnOriginal = yarn.path("original_max_position_embeddings").intValue();
          c.betaFast = yarn.path("beta_fast").intValue();
          c.betaSlow = yarn.path("beta_slow").intValue();
          c.kvSources = ints(t, "kv_source_layer_ids");
          c.indexSources = ints(t, "index_source_layer_ids");
          c.candidateSource = t.path("candidate_source_layer_id").intValue();
          c.candidateBlocks = t.path("candidate_topk_blocks").intValue();
          c.candidateSize = t.path("candidate_block_size").intValue();
          c.engramLayers = ints(t, "engram_layer_ids");
          c.engramOrder = t.path("engram_max_ngram_size").intValue();
          c.engramHeads = t.path("engram_n_heads").intValue();
          c.engramDim = t.path("engram_head_dim").intValue();
          c.engramVocab = t.path("engram_vocab_size").intValue();
          c.engramPad = t.path("engram_pad_token_id").intValue();
          c.draftBlock = t.path("dspark_block_size").intValue();
          c.draftTargets = ints(t, "dspark_target_layer_ids");
          c.draftNoise = t.path("dspark_noise_token_id").intValue();
          c.draftExperts = t.path("dspark_n_routed_experts").intValue();
          c.draftActive = t.path("dspark_num_experts_per_tok").intValue();
          c.markovRank = t.path("dspark_markov_rank").intValue();
        });
  }

  private static int[] ints(JsonNode node, String name) {
    return node.path(name).valueStream().mapToInt(JsonNode::intValue).toArray();
  }

  /** Rows that a position reads in one Engram layer. */
  int engramColumns() {
    return (engramOrder - 1) * engramHeads;
  }

  boolean isSource(int layer) {
    return contains(kvSources, layer);
  }

  boolean isIndexSource(int layer) {
    return contains(indexSources, layer);
  }

  static boolean contains(int[] list, int value) {
    return Arrays.stream(list).anyMatch(v -> v == value);
  }

  @Override
  public Map<String, Object> json() {
    Map<String, Object> t = super.json();
    t.keySet().removeAll(java.util.List.of("architectures", "num_hash_layers"));
    t.put("model_type", "deepseek_v41_text");
    t.put("kv_source_layer_ids", kvSources);
    t.put("index_source_layer_ids", indexSources);
    if (candidateSource >= 0) {
      t.put("candidate_source_layer_id", candidateSource);
      t.put("candidate_topk_blocks", candidateBlocks);
      t.put("candidate_block_size", candidateSize);
    }
    if (yarnFactor == 0) {
      t.remove("rope_scaling");
    }
    if (engramLayers.length > 0) {
      EngramReference memory = new EngramReference(this, TinyTokenizer.canonical(vocab));
      t.put("engram_layer_ids", engramLayers);
      t.put("engram_num_embeddings", memory.rows());
      t.put("engram_max_ngram_size", engramOrder);
      t.put("engram_vocab_size", engramVocab);
      t.put("engram_n_heads", engramHeads);
      t.put("engram_head_dim", engramDim);
      t.put("engram_pad_token_id", engramPad);
      t.put("engram_compressed_vocab_size", memory.canonicalSize());
    }
    if (drafters > 0) {
      t.put("dspark_block_size", draftBlock);
      t.put("dspark_target_layer_ids", draftTargets);
      t.put("dspark_noise_token_id", draftNoise);
      t.put("dspark_n_routed_experts", draftExperts);
      t.put("dspark_num_experts_per_tok", draftActive);
      t.put("dspark_markov_rank", markovRank);
    }
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("architectures", new String[] {"DeepseekV41ForCausalLM"});
    root.put("model_type", "deepseek_v41");
    root.put("bos_token_id", 0);
    root.put("eos_token_id", 1);
    root.put("pad_token_id", 2);
    root.put("text_config", t);
    return root;
  }
}
