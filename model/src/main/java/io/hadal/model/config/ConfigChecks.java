package io.hadal.model.config;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Relations between fields that every later step takes for granted, and bounds against absurd
 * values.
 */
final class ConfigChecks {
  /** Drafting layers; checked before they are listed. */
  static final int MAX_DRAFTERS = 64;

  private static final int MAX_STREAMS = 8;
  private static final int MAX_SINKHORN = 1000;
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_WINDOW = 1 << 20;
  private static final int MAX_LAYERS = 4096;
  private static final int MAX_TABLE = 1 << 30;

  private final List<String[]> wrong = new ArrayList<>();

  private ConfigChecks() {}

  static ModelConfig check(
      ModelConfig c, BiFunction<String, String, ? extends RuntimeException> error) {
    ConfigChecks checks = new ConfigChecks();
    checks.attention(c);
    checks.layers(c);
    checks.bound("hc_mult", c.hyper().streams(), MAX_STREAMS);
    checks.bound("hc_sinkhorn_iters", c.hyper().iterations(), MAX_SINKHORN);
    checks.bound("hidden_size", c.hiddenSize(), MAX_WIDTH);
    checks.bound("sliding_window", c.attention().window(), MAX_WINDOW);
    checks.bound("num_hidden_layers", c.layers().size(), MAX_LAYERS);
    if (c.contextLength() < 1) {
      checks.wrong("max_position_embeddings", "must be positive");
    }
    if (c.bosId() >= c.vocabSize() || c.eosId() >= c.vocabSize()) {
      checks.wrong("eos_token_id", "or bos_token_id lies outside the vocabulary");
    }
    checks.engram(c);
    if (!checks.wrong.isEmpty()) {
      throw error.apply(checks.wrong.getFirst()[0], checks.wrong.getFirst()[1]);
    }
    return c;
  }

  private void wrong(String field, String message) {
    wrong.add(new String[] {field, message});
  }

  private void bound(String field, long value, long max) {
    if (value > max) {
      wrong(field, "is " + value + ", above the supported " + max);
    }
  }

  private void attention(ModelConfig c) {
    AttentionConfig a = c.attention();
    if (a.ropeDim() % 2 != 0 || a.ropeDim() >= a.headDim()) {
      wrong("qk_rope_head_dim", a.ropeDim() + " is odd or not below head_dim");
    }
    if (a.heads() % a.outGroups() != 0) {
      wrong("o_groups", a.outGroups() + " does not divide " + a.heads() + " heads");
    }
    bound("num_attention_heads * head_dim", (long) a.heads() * a.headDim(), 16 * MAX_WIDTH);
    bound("q_lora_rank", a.queryRank(), MAX_WIDTH);
    bound("o_groups * o_lora_rank", (long) a.outGroups() * a.outRank(), 16 * MAX_WIDTH);
    IndexerConfig x = c.indexer();
    if (c.layers().stream().noneMatch(LayerConfig::indexed)) {
      return;
    }
    bound("index_n_heads * index_head_dim", (long) x.heads() * x.headDim(), 16 * MAX_WIDTH);
    if (x.headDim() < a.ropeDim()) {
      wrong("index_head_dim", x.headDim() + " is below the rotated width");
    }
    if (x.keys() == IndexerConfig.Keys.COMPRESSED && Integer.bitCount(x.headDim()) != 1) {
      wrong("index_head_dim", x.headDim() + " is no power of two");
    }
  }

  private void layers(ModelConfig c) {
    List<LayerConfig> all = new ArrayList<>(c.layers());
    all.addAll(c.drafters());
    if (c.blockDraft() != null) {
      all.addAll(c.blockDraft().stages());
    }
    for (LayerConfig layer : all) {
      MoeConfig moe = layer.moe();
      if (moe.activeExperts() > moe.experts()) {
        wrong("num_experts_per_tok", "is above the number of routed experts");
      }
      if (moe.sharedExperts() > 1) {
        wrong("n_shared_experts", "above 1 is not supported");
      }
      bound("n_routed_experts", moe.experts(), 1 << 16);
      bound("moe_intermediate_size", moe.width(), MAX_WIDTH);
      bound("compress_ratios", layer.ratio(), 1 << 16);
    }
  }

  private void engram(ModelConfig c) {
    EngramConfig e = c.engram();
    if (e == null) {
      return;
    }
    if (!e.rows().isEmpty() && e.layers().size() != e.rows().size()) {
      wrong("engram_num_embeddings", "must have one entry per engram layer");
    }
    if (e.layers().stream().distinct().count() != e.layers().size()) {
      wrong("engram_layer_ids", "names a layer twice");
    }
    for (int layer : e.layers()) {
      if (layer < 0 || layer >= c.layers().size()) {
        wrong("engram_layer_ids", "names layer " + layer);
      }
    }
    bound("engram_max_ngram_size", e.maxOrder(), 16);
    bound("engram_n_heads * engram_head_dim", (long) e.heads() * e.headDim(), MAX_WIDTH);
    bound("engram_vocab_size", e.vocabSize(), MAX_TABLE);
    e.channels().values().forEach(size -> bound("engram_channels", size, MAX_TABLE));
    if (e.maxOrder() < 2) {
      wrong("engram_max_ngram_size", "must be at least 2");
    }
    if (e.padId() >= c.vocabSize()) {
      wrong("engram_pad_token_id", "lies outside the vocabulary");
    }
  }
}
