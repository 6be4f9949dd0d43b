package io.hadal.engine.tiny;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Sizes of a tiny model; plain fields, so that a test names only what it cares about. */
public class TinyConfig {
  public int vocab = 61;
  public int hidden = 64;
  public int heads = 4;
  public int headDim = 48;
  public int ropeDim = 16;
  public int queryRank = 24;
  public int groups = 2;
  public int outRank = 12;
  public int window = 8;
  public int streams = 4;
  public int sinkhorn = 20;
  public int experts = 6;
  public int active = 2;
  public int shared = 1;
  public int moeWidth = 32;
  public int hashLayers = 1;
  public int indexHeads = 4;
  public int indexDim = 32;
  public int topK = 4;
  public int[] ratios = {0, 4, 8, 4};
  public int drafters = 1;
  public double limit = 1.5;
  public double routedScale = 1.5;
  public double eps = 1e-6;
  public double hyperEps = 1e-6;
  public double theta = 10000;
  public double compressedTheta = 160000;
  public double yarnFactor = 16;
  public int yarnOriginal = 65536;
  public int betaFast = 32;
  public int betaSlow = 1;

  TinyConfig() {}

  /** The defaults with some changes. */
  public static TinyConfig of(Consumer<TinyConfig> changes) {
    TinyConfig c = new TinyConfig();
    changes.accept(c);
    return c;
  }

  /** {@code config.json} as in the root of a release. */
  public Map<String, Object> json() {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("architectures", new String[] {"DeepseekV4ForCausalLM"});
    m.put("model_type", "deepseek_v4");
    m.put("hidden_act", "silu");
    m.put("scoring_func", "sqrtsoftplus");
    m.put("topk_method", "noaux_tc");
    m.put("norm_topk_prob", true);
    m.put("num_key_value_heads", 1);
    m.put("attention_bias", false);
    m.put("tie_word_embeddings", false);
    m.put("bos_token_id", 0);
    m.put("eos_token_id", 1);
    m.put("vocab_size", vocab);
    m.put("hidden_size", hidden);
    m.put("moe_intermediate_size", moeWidth);
    m.put("num_hidden_layers", ratios.length);
    m.put("num_hash_layers", hashLayers);
    m.put("num_nextn_predict_layers", drafters);
    m.put("num_attention_heads", heads);
    m.put("head_dim", headDim);
    m.put("qk_rope_head_dim", ropeDim);
    m.put("q_lora_rank", queryRank);
    m.put("o_groups", groups);
    m.put("o_lora_rank", outRank);
    m.put("sliding_window", window);
    m.put("index_n_heads", indexHeads);
    m.put("index_head_dim", indexDim);
    m.put("index_topk", topK);
    m.put("n_routed_experts", experts);
    m.put("n_shared_experts", shared);
    m.put("num_experts_per_tok", active);
    m.put("routed_scaling_factor", routedScale);
    m.put("swiglu_limit", limit);
    m.put("hc_mult", streams);
    m.put("hc_sinkhorn_iters", sinkhorn);
    m.put("hc_eps", hyperEps);
    m.put("rms_norm_eps", eps);
    m.put("max_position_embeddings", 1 << 20);
    m.put("rope_theta", theta);
    m.put("compress_rope_theta", compressedTheta);
    Map<String, Object> scaling = new LinkedHashMap<>();
    scaling.put("type", "yarn");
    scaling.put("factor", yarnFactor);
    scaling.put("original_max_position_embeddings", yarnOriginal);
    scaling.put("beta_fast", betaFast);
    scaling.put("beta_slow", betaSlow);
    m.put("rope_scaling", scaling);
    // Releases have one entry for every drafter behind the trunk's.
    m.put("compress_ratios", Arrays.copyOf(ratios, ratios.length + drafters));
    return m;
  }

  /** The same in the spelling of a release's {@code inference/config.json}. */
  public Map<String, Object> inferenceJson() {
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("vocab_size", vocab);
    m.put("dim", hidden);
    m.put("moe_inter_dim", moeWidth);
    m.put("n_layers", ratios.length);
    m.put("n_hash_layers", hashLayers);
    m.put("n_mtp_layers", drafters);
    m.put("n_heads", heads);
    m.put("head_dim", headDim);
    m.put("rope_head_dim", ropeDim);
    m.put("q_lora_rank", queryRank);
    m.put("o_groups", groups);
    m.put("o_lora_rank", outRank);
    m.put("window_size", window);
    m.put("index_n_heads", indexHeads);
    m.put("index_head_dim", indexDim);
    m.put("index_topk", topK);
    m.put("n_routed_experts", experts);
    m.put("n_shared_experts", shared);
    m.put("n_activated_experts", active);
    m.put("score_func", "sqrtsoftplus");
    m.put("route_scale", routedScale);
    m.put("swiglu_limit", limit);
    m.put("hc_mult", streams);
    m.put("hc_sinkhorn_iters", sinkhorn);
    m.put("hc_eps", hyperEps);
    m.put("norm_eps", eps);
    m.put("rope_theta", theta);
    m.put("compress_rope_theta", compressedTheta);
    m.put("original_seq_len", yarnOriginal);
    m.put("rope_factor", yarnFactor);
    m.put("beta_fast", betaFast);
    m.put("beta_slow", betaSlow);
    m.put("compress_ratios", Arrays.copyOf(ratios, ratios.length + drafters));
    return m;
  }
}
