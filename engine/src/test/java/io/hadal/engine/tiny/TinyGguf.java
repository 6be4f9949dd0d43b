package io.hadal.engine.tiny;

import io.hadal.engine.tiny.TinyTensor.Kind;
import io.hadal.formats.weights.GgufValue;
import io.hadal.formats.weights.GgufValueType;
import io.hadal.formats.weights.GgufWriter;
import io.hadal.kernels.StorageType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** The numbers of a {@link TinyCheckpoint} as a {@code deepseek4} GGUF file (spec 7). */
public final class TinyGguf {

  /** Where the drafter's tensors go. */
  public enum Drafter {
    NONE,
    /** {@code blk.L} with one joined projection. */
    NEXTN,
    /** Released names, as in ds4's drafter files. */
    MTP
  }

  private static final Map<String, String> RENAMED =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("attn.attn_sink", "attn_sinks.weight"),
              Map.entry("attn.wq_a.weight", "attn_q_a.weight"),
              Map.entry("attn.q_norm.weight", "attn_q_a_norm.weight"),
              Map.entry("attn.wq_b.weight", "attn_q_b.weight"),
              Map.entry("attn.wkv.weight", "attn_kv.weight"),
              Map.entry("attn.kv_norm.weight", "attn_kv_a_norm.weight"),
              Map.entry("attn.wo_a.weight", "attn_output_a.weight"),
              Map.entry("attn.wo_b.weight", "attn_output_b.weight"),
              Map.entry("attn.indexer.wq_b.weight", "indexer.attn_q_b.weight"),
              Map.entry("attn.indexer.weights_proj.weight", "indexer.proj.weight"),
              Map.entry("attn.indexer.wk.weight", "indexer.attn_k.weight"),
              Map.entry("attn.indexer.k_norm.weight", "indexer.k_norm.weight"),
              Map.entry("engram.embed.weight", "engram_embd.weight"),
              Map.entry("engram.wkv.weight", "engram_wkv.weight"),
              Map.entry("engram.q_weight", "engram_q.weight"),
              Map.entry("engram.k_weight", "engram_k.weight"),
              Map.entry("ffn.gate.bias_vl", "exp_probs_b_vl.bias"),
              Map.entry("ffn.gate.weight", "ffn_gate_inp.weight"),
              Map.entry("ffn.gate.bias", "exp_probs_b.bias"),
              Map.entry("ffn.gate.tid2eid", "ffn_gate_tid2eid.weight"),
              Map.entry("ffn.shared_experts.w1.weight", "ffn_gate_shexp.weight"),
              Map.entry("ffn.shared_experts.w2.weight", "ffn_down_shexp.weight"),
              Map.entry("ffn.shared_experts.w3.weight", "ffn_up_shexp.weight"),
              Map.entry("norm.weight", "nextn.shared_head_norm.weight"),
              Map.entry("enorm.weight", "nextn.enorm.weight"),
              Map.entry("hnorm.weight", "nextn.hnorm.weight"),
              Map.entry("hc_head_fn", "nextn.hc_head_fn.weight"),
              Map.entry("hc_head_base", "nextn.hc_head_base.weight"),
              Map.entry("hc_head_scale", "nextn.hc_head_scale.weight")));

  private final TinyCheckpoint checkpoint;
  private final TinyConfig c;
  private final StorageType matrices;
  private final Drafter drafter;
  private final Map<String, Stored> out = new LinkedHashMap<>();

  private TinyGguf(TinyCheckpoint checkpoint, StorageType matrices, Drafter drafter) {
    this.checkpoint = checkpoint;
    this.c = checkpoint.config();
    this.matrices = matrices;
    this.drafter = drafter;
  }

  /** Tensors by GGUF name. */
  public static Map<String, Stored> tensors(
      TinyCheckpoint checkpoint, StorageType matrices, Drafter drafter) {
    TinyGguf g = new TinyGguf(checkpoint, matrices, drafter);
    checkpoint.tensors().forEach(g::add);
    return g.out;
  }

  /** Metadata by key. */
  public static Map<String, GgufValue> metadata(TinyConfig c, Drafter drafter) {
    int drafters = drafter == Drafter.NONE ? 0 : c.drafters;
    Map<String, GgufValue> m = new LinkedHashMap<>();
    m.put("general.architecture", GgufValue.text("deepseek4"));
    whole(m, "block_count", c.ratios.length + drafters);
    whole(m, "context_length", 1 << 20);
    whole(m, "embedding_length", c.hidden);
    whole(m, "vocab_size", c.vocab);
    whole(m, "attention.head_count", c.heads);
    whole(m, "attention.head_count_kv", 1);
    whole(m, "attention.key_length", c.headDim);
    whole(m, "attention.value_length", c.headDim);
    real(m, "attention.layer_norm_rms_epsilon", c.eps);
    whole(m, "attention.q_lora_rank", c.queryRank);
    whole(m, "attention.output_lora_rank", c.outRank);
    whole(m, "attention.output_group_count", c.groups);
    whole(m, "attention.sliding_window", c.window);
    m.put(
        "deepseek4.attention.compress_ratios",
        GgufValue.wholes(GgufValueType.INT32, Arrays.stream(c.ratios).asLongStream().toArray()));
    real(m, "attention.compress_rope_freq_base", c.compressedTheta);
    whole(m, "attention.indexer.head_count", c.indexHeads);
    whole(m, "attention.indexer.key_length", c.indexDim);
    whole(m, "attention.indexer.top_k", c.topK);
    whole(m, "rope.dimension_count", c.ropeDim);
    real(m, "rope.freq_base", c.theta);
    m.put("deepseek4.rope.scaling.type", GgufValue.text("yarn"));
    real(m, "rope.scaling.factor", c.yarnFactor);
    whole(m, "rope.scaling.original_context_length", c.yarnOriginal);
    real(m, "rope.scaling.yarn_beta_fast", c.betaFast);
    real(m, "rope.scaling.yarn_beta_slow", c.betaSlow);
    whole(m, "expert_count", c.experts);
    whole(m, "expert_used_count", c.active);
    whole(m, "expert_shared_count", c.shared);
    whole(m, "expert_feed_forward_length", c.moeWidth);
    real(m, "expert_weights_scale", c.routedScale);
    m.put("deepseek4.expert_weights_norm", GgufValue.bool(true));
    whole(m, "expert_gating_func", 4);
    whole(m, "hash_layer_count", c.hashLayers);
    float[] limits = new float[c.ratios.length];
    Arrays.fill(limits, (float) c.limit);
    m.put("deepseek4.swiglu_clamp_exp", GgufValue.floats(limits));
    whole(m, "hyper_connection.count", c.streams);
    whole(m, "hyper_connection.sinkhorn_iterations", c.sinkhorn);
    real(m, "hyper_connection.epsilon", c.hyperEps);
    if (drafters > 0) {
      whole(m, "nextn_predict_layers", drafters);
    }
    return m;
  }

  /**
   * Metadata of a V4.1 file by key, in llama.cpp's dialect (engram spec 9). Roles, candidates and
   * hash constants are left to be found out.
   */
  public static Map<String, GgufValue> metadata(V41Config c) {
    Map<String, GgufValue> m = new LinkedHashMap<>();
    metadata(c, Drafter.NONE)
        .forEach((key, value) -> m.put(key.replace("deepseek4.", "deepseek41."), value));
    m.remove("deepseek41.hash_layer_count");
    m.put("general.architecture", GgufValue.text("deepseek41"));
    int[] map = TinyTokenizer.canonical(c.vocab);
    wholes(m, "engram.token_map", Arrays.stream(map).asLongStream().toArray());
    wholes(m, "engram.layer_ids", Arrays.stream(c.engramLayers).asLongStream().toArray());
    m.put("deepseek41.engram.head_count", GgufValue.uint32(c.engramHeads));
    m.put("deepseek41.engram.key_length", GgufValue.uint32(c.engramDim));
    m.put("deepseek41.engram.max_ngram_size", GgufValue.uint32(c.engramOrder));
    m.put("deepseek41.engram.vocab_size", GgufValue.uint32(c.engramVocab));
    m.put("deepseek41.engram.pad_id", GgufValue.uint32(c.engramPad));
    return m;
  }

  static void wholes(Map<String, GgufValue> m, String key, long... values) {
    m.put("deepseek41." + key, GgufValue.wholes(GgufValueType.INT64, values));
  }

  private static void whole(Map<String, GgufValue> m, String key, int value) {
    m.put("deepseek4." + key, GgufValue.uint32(value));
  }

  private static void real(Map<String, GgufValue> m, String key, double value) {
    m.put("deepseek4." + key, GgufValue.float32((float) value));
  }

  private void add(String name, TinyTensor t) {
    if (name.contains(".experts.")) {
      if (name.contains(".experts.0.")) {
        stack(name, t);
      }
      return;
    }
    if (name.startsWith("mtp.")) {
      addDrafter(name, t);
      return;
    }
    put(fileName(name), t, t.values());
  }

  private void addDrafter(String name, TinyTensor t) {
    String rest = name.substring(name.indexOf('.', 4) + 1);
    switch (drafter) {
      case NONE -> {}
      case NEXTN -> {
        if (rest.equals("e_proj.weight")) {
          join(name);
        } else if (!rest.equals("h_proj.weight")) {
          put(block(name) + local(rest), t, t.values());
        }
      }
      case MTP -> {
        boolean own = rest.matches("(e_proj|h_proj|enorm|hnorm|norm|hc_head_.*)(\\.weight)?");
        String plain = rest.endsWith(".weight") ? rest : rest + ".weight";
        put("mtp.0." + (own ? plain : local(rest)), t, t.values());
      }
    }
  }

  private static String fileName(String name) {
    return switch (name) {
      case "embed.weight" -> "token_embd.weight";
      case "head.weight" -> "output.weight";
      case "norm.weight" -> "output_norm.weight";
      case "hc_head_fn", "hc_head_base", "hc_head_scale" ->
          "output_hc_" + name.substring("hc_head_".length()) + ".weight";
      default -> {
        int second = name.indexOf('.', name.indexOf('.') + 1);
        yield "blk."
            + name.substring("layers.".length(), second)
            + "."
            + local(name.substring(second + 1));
      }
    };
  }

  private static String local(String rest) {
    String renamed = RENAMED.get(rest);
    if (renamed != null) {
      return renamed;
    }
    if (rest.startsWith("attn.indexer.compressor.")) {
      return "indexer_compressor_"
          + compressor(rest.substring("attn.indexer.compressor.".length()));
    }
    if (rest.startsWith("attn.compressor.")) {
      return "attn_compressor_" + compressor(rest.substring("attn.compressor.".length()));
    }
    return rest.startsWith("hc_") ? rest + ".weight" : rest;
  }

  private static String compressor(String part) {
    return switch (part) {
      case "wkv.weight" -> "kv.weight";
      case "wgate.weight" -> "gate.weight";
      case "ape" -> "ape.weight";
      default -> part;
    };
  }

  private String block(String name) {
    int index = Integer.parseInt(name.substring(4, name.indexOf('.', 4)));
    return "blk." + (c.ratios.length + index) + ".";
  }

  /** {@code [d, 2d]}: the columns of the embedding, then those of the streams. */
  private void join(String name) {
    int d = c.hidden;
    float[] e = checkpoint.values(name);
    float[] h = checkpoint.values(name.replace("e_proj", "h_proj"));
    float[] both = new float[2 * d * d];
    for (int r = 0; r < d; r++) {
      System.arraycopy(e, r * d, both, 2 * r * d, d);
      System.arraycopy(h, r * d, both, (2 * r + 1) * d, d);
    }
    out.put(block(name) + "nextn.eh_proj.weight", Stored.floats(matrices, both, d, 2L * d));
  }

  private void stack(String first, TinyTensor t) {
    if (first.startsWith("mtp.") && drafter == Drafter.NONE) {
      return;
    }
    int n = t.values().length;
    float[] all = new float[c.experts * n];
    for (int e = 0; e < c.experts; e++) {
      String name = first.replace(".experts.0.", ".experts." + e + ".");
      System.arraycopy(checkpoint.values(name), 0, all, e * n, n);
    }
    String part =
        switch (first.substring(first.indexOf(".experts.0.") + ".experts.0.".length())) {
          case "w1.weight" -> "ffn_gate_exps.weight";
          case "w3.weight" -> "ffn_up_exps.weight";
          default -> "ffn_down_exps.weight";
        };
    String prefix;
    if (first.startsWith("mtp.")) {
      prefix = drafter == Drafter.MTP ? "mtp.0." : block(first);
    } else {
      prefix = "blk." + first.substring(7, first.indexOf('.', 7)) + ".";
    }
    out.put(prefix + part, Stored.floats(matrices, all, c.experts, t.rows(), t.cols()));
  }

  private void put(String name, TinyTensor t, float[] values) {
    boolean vector = t.rows() == 1 && !name.contains("_fn");
    long[] shape = vector ? new long[] {t.cols()} : new long[] {t.rows(), t.cols()};
    if (t.kind() == Kind.TABLE) {
      int[] ids = new int[values.length];
      Arrays.setAll(ids, i -> (int) values[i]);
      out.put(name, new Stored(StorageType.I32, shape, ids));
    } else {
      boolean f32 = vector || t.kind() == Kind.FLOAT;
      out.put(name, Stored.floats(f32 ? StorageType.F32 : matrices, values, shape));
    }
  }

  /** Writes a file. */
  public static Path write(
      Path file, Map<String, GgufValue> metadata, Map<String, Stored> tensors) {
    GgufWriter.Layout layout = GgufWriter.layout();
    metadata.forEach(layout::put);
    tensors.forEach((name, t) -> layout.tensor(name, t.type(), t.shape()));
    try (GgufWriter writer = layout.create(file)) {
      tensors.forEach((name, t) -> t.write(writer, name));
      writer.finish();
    }
    return file;
  }

  /** Writes a checkpoint. */
  public static Path write(
      Path file, TinyCheckpoint checkpoint, StorageType matrices, Drafter drafter) {
    return write(
        file, metadata(checkpoint.config(), drafter), tensors(checkpoint, matrices, drafter));
  }
}
