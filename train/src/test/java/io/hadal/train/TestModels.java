package io.hadal.train;

import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import tools.jackson.databind.JsonNode;

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

  /** Random token ids. */
  public static int[] tokens(Random random, int count, int vocab) {
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = random.nextInt(vocab);
    }
    return ids;
  }
}
