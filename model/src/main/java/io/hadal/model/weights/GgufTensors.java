package io.hadal.model.weights;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * GGUF tensors (V4 spec 7.2, V4.1 spec 7) in the llama.cpp and the ds4 dialect; MTP layers as
 * {@code blk.L} or {@code mtp.N}.
 */
public final class GgufTensors extends TensorSource {
  private static final Map<String, String> GLOBAL =
      Map.of(
          "embed.weight", "token_embd.weight",
          "head.weight", "output.weight",
          "norm.weight", "output_norm.weight",
          "hc_head_fn", "output_hc_fn.weight",
          "hc_head_base", "output_hc_base.weight",
          "hc_head_scale", "output_hc_scale.weight",
          "completion_head.down.weight", "completion_head_down.weight",
          "completion_head.up.weight", "completion_head_up.weight");

  private static final Map<String, String> LAYER = layerNames();

  private static final Pattern LAYER_NAME = Pattern.compile("layers\\.([0-9]+)\\.(.+)");

  private static final Pattern BLOCK_NAME = Pattern.compile("blk\\.([0-9]+)\\.(.+)");

  private static final String BLOCK = "blk.";

  /** Drafters keep their released names. */
  private static final String DRAFTER = "mtp.";

  /** Released names by written ones; those inside a layer begin with {@link #BLOCK}. */
  private static final Map<String, String> RELEASED = releasedNames();

  /** Second spellings. */
  private static final Map<String, String> OTHER =
      Map.of(
          "engram.wkv.weight", "engram_wkv.weight",
          "engram.q_weight", "engram_q.weight",
          "engram.k_weight", "engram_k.weight");

  private final int trunkLayers;

  GgufTensors(TensorStore store, int trunkLayers) {
    super(store);
    this.trunkLayers = trunkLayers;
  }

  private static Map<String, String> layerNames() {
    Map<String, String> m = new HashMap<>();
    for (String site : List.of("attn", "ffn")) {
      for (String part : List.of("fn", "base", "scale")) {
        m.put("hc_" + site + "_" + part, "hc_" + site + "_" + part + ".weight");
      }
      m.put(site + "_norm.weight", site + "_norm.weight");
    }
    m.put("attn.attn_sink", "attn_sinks.weight");
    m.put("attn.wq_a.weight", "attn_q_a.weight");
    m.put("attn.q_norm.weight", "attn_q_a_norm.weight");
    m.put("attn.wq_b.weight", "attn_q_b.weight");
    m.put("attn.wkv.weight", "attn_kv.weight");
    m.put("attn.kv_norm.weight", "attn_kv_a_norm.weight");
    m.put("attn.wo_a.weight", "attn_output_a.weight");
    m.put("attn.wo_b.weight", "attn_output_b.weight");
    m.put("attn.compressor.ape", "attn_compressor_ape.weight");
    m.put("attn.compressor.wkv.weight", "attn_compressor_kv.weight");
    m.put("attn.compressor.wgate.weight", "attn_compressor_gate.weight");
    m.put("attn.compressor.norm.weight", "attn_compressor_norm.weight");
    m.put("attn.indexer.wq_b.weight", "indexer.attn_q_b.weight");
    m.put("attn.indexer.weights_proj.weight", "indexer.proj.weight");
    m.put("attn.indexer.wk.weight", "indexer.attn_k.weight");
    m.put("attn.indexer.k_norm.weight", "indexer.k_norm.weight");
    m.put("attn.indexer.compressor.ape", "indexer_compressor_ape.weight");
    m.put("attn.indexer.compressor.wkv.weight", "indexer_compressor_kv.weight");
    m.put("attn.indexer.compressor.wgate.weight", "indexer_compressor_gate.weight");
    m.put("attn.indexer.compressor.norm.weight", "indexer_compressor_norm.weight");
    m.put("ffn.gate.weight", "ffn_gate_inp.weight");
    m.put("ffn.gate.bias", "exp_probs_b.bias");
    m.put("ffn.gate.bias_vl", "exp_probs_b_vl.bias");
    m.put("engram.embed.weight", "engram_embd.weight");
    m.put("engram.wkv.weight", "engram_kv.weight");
    m.put("engram.wkv.bias", "engram_kv.bias");
    m.put("engram.conv.weight", "engram_conv.weight");
    m.put("engram.conv_norm.weight", "engram_conv_norm.weight");
    m.put("engram.q_weight", "engram_q_norm.weight");
    m.put("engram.k_weight", "engram_k_norm.weight");
    m.put("ffn.gate.tid2eid", "ffn_gate_tid2eid.weight");
    m.put("ffn.shared_experts.w1.weight", "ffn_gate_shexp.weight");
    m.put("ffn.shared_experts.w2.weight", "ffn_down_shexp.weight");
    m.put("ffn.shared_experts.w3.weight", "ffn_up_shexp.weight");
    m.put("ffn.experts.w1", "ffn_gate_exps.weight");
    m.put("ffn.experts.w2", "ffn_down_exps.weight");
    m.put("ffn.experts.w3", "ffn_up_exps.weight");
    m.put("eh_proj.weight", "nextn.eh_proj.weight");
    m.put("enorm.weight", "nextn.enorm.weight");
    m.put("hnorm.weight", "nextn.hnorm.weight");
    m.put("norm.weight", "nextn.shared_head_norm.weight");
    m.put("hc_head_fn", "nextn.hc_head_fn.weight");
    m.put("hc_head_base", "nextn.hc_head_base.weight");
    m.put("hc_head_scale", "nextn.hc_head_scale.weight");
    return m;
  }

  private static Map<String, String> releasedNames() {
    Map<String, String> m = new HashMap<>();
    GLOBAL.forEach((released, stored) -> m.put(stored, released));
    LAYER.forEach((released, stored) -> m.put(BLOCK + stored, released));
    return m;
  }

  /** The name under which Hadal writes a tensor that has the given released name. */
  public static String written(String released) {
    String global = GLOBAL.get(released);
    if (global != null) {
      return global;
    }
    Matcher layer = LAYER_NAME.matcher(released);
    String local = layer.matches() ? LAYER.get(layer.group(2)) : null;
    return local == null ? released : "blk." + layer.group(1) + "." + local;
  }

  /** The released name of a tensor that Hadal has written; null for an unknown one. */
  static @Nullable String released(String stored) {
    String global = RELEASED.get(stored);
    if (global != null) {
      return global;
    }
    if (stored.startsWith(DRAFTER)) {
      return stored;
    }
    Matcher block = BLOCK_NAME.matcher(stored);
    String local = block.matches() ? RELEASED.get(BLOCK + block.group(2)) : null;
    return local == null ? null : "layers." + block.group(1) + "." + local;
  }

  @Override
  @Nullable StoredTensor find(String name) {
    String global = GLOBAL.get(name);
    if (global != null) {
      return store().find(global);
    }
    int first = name.indexOf('.');
    int second = name.indexOf('.', first + 1);
    if (second < 0) {
      return null;
    }
    String rest = name.substring(second + 1);
    String local = LAYER.get(rest);
    int index = Integer.parseInt(name.substring(first + 1, second));
    if (name.startsWith("layers.")) {
      String block = "blk." + index + ".";
      StoredTensor tensor = local == null ? null : store().find(block + local);
      String other = OTHER.get(rest);
      return tensor != null || other == null ? tensor : store().find(block + other);
    }
    // The separate ds4 drafter file keeps the released prefix.
    StoredTensor own = find("mtp." + index + ".", local, rest);
    return own != null ? own : find("blk." + (trunkLayers + index) + ".", local, rest);
  }

  private @Nullable StoredTensor find(String prefix, @Nullable String local, String released) {
    StoredTensor tensor = local == null ? null : store().find(prefix + local);
    if (tensor == null) {
      tensor = store().find(prefix + released);
    }
    return tensor != null ? tensor : store().find(prefix + released + ".weight");
  }

  @Override
  @Nullable StoredTensor scaleOf(String name) {
    return null;
  }

  @Override
  Matrix expert(String prefix, int expert, int experts, String part, int rows, int cols) {
    StoredTensor stacked = get(prefix + "." + part);
    if (!stacked.shape().equals(List.of((long) experts, (long) rows, (long) cols))) {
      throw error(
          stacked,
          "has shape "
              + stacked.shape()
              + ", expected ["
              + experts
              + ", "
              + rows
              + ", "
              + cols
              + "]");
    }
    long bytes;
    try {
      bytes = stacked.type().bytes(cols) * rows;
    } catch (IllegalArgumentException e) {
      throw new FormatException(
          store().source().toString(), stacked.name() + ": " + e.getMessage());
    }
    MemorySegment data = stacked.data().asSlice(expert * bytes, bytes);
    return matrixOf(
        new StoredTensor(stacked.name(), stacked.type(), List.of((long) rows, (long) cols), data),
        null,
        rows,
        cols);
  }
}
