package io.hadal.model.weights;

import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Safetensors under the released names or under those of the transformers library (spec 6.2, 6.6).
 */
final class HfTensors extends TensorSource {
  /**
   * Released fragment to transformers fragment, longest first: the indexer sits under the
   * compressor there.
   */
  private static final List<Map.Entry<String, String>> TRANSFORMERS =
      List.of(
          Map.entry("attn.indexer.compressor.wkv", "self_attn.compressor.indexer.kv_proj"),
          Map.entry("attn.indexer.compressor.wgate", "self_attn.compressor.indexer.gate_proj"),
          Map.entry("attn.indexer.compressor.ape", "self_attn.compressor.indexer.position_bias"),
          Map.entry("attn.indexer.compressor.norm", "self_attn.compressor.indexer.kv_norm"),
          Map.entry("attn.indexer.wq_b", "self_attn.compressor.indexer.q_b_proj"),
          Map.entry("attn.indexer.weights_proj", "self_attn.compressor.indexer.weights_proj"),
          Map.entry("attn.compressor.wkv", "self_attn.compressor.kv_proj"),
          Map.entry("attn.compressor.wgate", "self_attn.compressor.gate_proj"),
          Map.entry("attn.compressor.ape", "self_attn.compressor.position_bias"),
          Map.entry("attn.compressor.norm", "self_attn.compressor.kv_norm"),
          Map.entry("attn.attn_sink", "self_attn.sinks"),
          Map.entry("attn.wq_a", "self_attn.q_a_proj"),
          Map.entry("attn.q_norm", "self_attn.q_a_norm"),
          Map.entry("attn.wq_b", "self_attn.q_b_proj"),
          Map.entry("attn.wkv", "self_attn.kv_proj"),
          Map.entry("attn.kv_norm", "self_attn.kv_norm"),
          Map.entry("attn.wo_a", "self_attn.o_a_proj"),
          Map.entry("attn.wo_b", "self_attn.o_b_proj"),
          Map.entry("hc_attn_fn", "attn_hc.fn"),
          Map.entry("hc_attn_base", "attn_hc.base"),
          Map.entry("hc_attn_scale", "attn_hc.scale"),
          Map.entry("hc_ffn_fn", "ffn_hc.fn"),
          Map.entry("hc_ffn_base", "ffn_hc.base"),
          Map.entry("hc_ffn_scale", "ffn_hc.scale"),
          Map.entry("hc_head_fn", "hc_head.hc_fn"),
          Map.entry("hc_head_base", "hc_head.hc_base"),
          Map.entry("hc_head_scale", "hc_head.hc_scale"),
          Map.entry("attn_norm", "input_layernorm"),
          Map.entry("ffn_norm", "post_attention_layernorm"),
          Map.entry("ffn.gate.bias", "mlp.gate.e_score_correction_bias"),
          Map.entry("ffn.gate.", "mlp.gate."),
          Map.entry("ffn.experts.", "mlp.experts."),
          Map.entry("ffn.shared_experts.w1", "mlp.shared_experts.gate_proj"),
          Map.entry("ffn.shared_experts.w2", "mlp.shared_experts.down_proj"),
          Map.entry("ffn.shared_experts.w3", "mlp.shared_experts.up_proj"),
          Map.entry("embed.", "embed_tokens."));

  private final boolean transformers;

  HfTensors(TensorStore store) {
    super(store);
    this.transformers = store.find("model.embed_tokens.weight") != null;
  }

  @Override
  @Nullable StoredTensor find(String name) {
    return store().find(transformers ? translate(name) : name);
  }

  private static String translate(String name) {
    if (name.startsWith("head.")) {
      return "lm_" + name;
    }
    for (Map.Entry<String, String> e : TRANSFORMERS) {
      int at = name.indexOf(e.getKey());
      if (at >= 0) {
        return "model."
            + name.substring(0, at)
            + e.getValue()
            + name.substring(at + e.getKey().length());
      }
    }
    return "model." + name;
  }

  @Override
  @Nullable StoredTensor scaleOf(String name) {
    for (String suffix : List.of(".scale", ".weight_scale_inv", ".weight.scale")) {
      StoredTensor scale = find(name + suffix);
      if (scale != null) {
        return scale;
      }
    }
    return null;
  }

  @Override
  Matrix expert(String prefix, int expert, int experts, String part, int rows, int cols) {
    String fused = prefix + (part.equals("w2") ? ".down_proj" : ".gate_up_proj");
    StoredTensor stacked = transformers ? find(fused) : null;
    if (stacked == null) {
      return matrix(prefix + "." + expert + "." + part, rows, cols);
    }
    int perExpert = part.equals("w2") ? rows : 2 * rows;
    if (!stacked.shape().equals(List.of((long) experts, (long) perExpert, (long) cols))) {
      throw error(
          stacked,
          "has shape "
              + stacked.shape()
              + ", expected ["
              + experts
              + ", "
              + perExpert
              + ", "
              + cols
              + "]");
    }
    long rowBytes = stacked.type().bytes(cols);
    long first = (long) expert * perExpert + (part.equals("w3") ? rows : 0);
    MemorySegment data = stacked.data().asSlice(first * rowBytes, rows * rowBytes);
    return matrixOf(
        new StoredTensor(stacked.name(), stacked.type(), List.of((long) rows, (long) cols), data),
        null,
        rows,
        cols);
  }
}
