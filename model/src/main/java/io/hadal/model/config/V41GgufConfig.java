package io.hadal.model.config;

import io.hadal.formats.weights.Gguf;
import io.hadal.model.config.IndexerConfig.Candidates;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code deepseek41} metadata of a GGUF file (V4.1 spec 7). Files hold neither the DSpark drafter
 * nor the vision tower. What converters leave out follows from the tensors that are present.
 */
final class V41GgufConfig {
  private static final V41Layers.Names NAMES =
      new V41Layers.Names(
          "attention.compress_ratios",
          "attention.kv_source_layers",
          "attention.index_source_layers");

  private static final String[] KV_SOURCES = {
    "attention.kv_source_layers",
    "attention.kv_source_layer_ids",
    "kv_source_layers",
    "kv_source_layer_ids"
  };
  private static final String[] INDEX_SOURCES = {
    "attention.index_source_layers",
    "attention.index_source_layer_ids",
    "attention.indexer.source_layers",
    "attention.indexer.source_layer_ids",
    "index_source_layers",
    "index_source_layer_ids"
  };

  private final GgufFields f;
  private final Gguf gguf;
  private final String source;

  V41GgufConfig(GgufFields fields, Gguf gguf, String source) {
    this.f = fields;
    this.gguf = gguf;
    this.source = source;
  }

  ModelConfig read() {
    int count = layerCount();
    List<Integer> ratios = f.numbers("attention.compress_ratios");
    List<Integer> kvSources = f.numbersOrNull(KV_SOURCES);
    if (kvSources == null) {
      kvSources = layersWith("attn_compressor_kv", count);
    }
    List<Integer> indexSources = f.numbersOrNull(INDEX_SOURCES);
    if (indexSources == null) {
      indexSources = layersWith("indexer.attn_q_b", count);
    }
    float[] routedLimits =
        f.limits(f.has("swiglu_clamp_exp") ? "swiglu_clamp_exp" : "swiglu_limit", count, null);
    List<LayerConfig> trunk =
        new V41Layers(
                new RopeConfig(f.realOr(10000, "rope.freq_base"), null),
                new RopeConfig(f.realOr(160000, "attention.compress_rope_freq_base"), f.yarn()),
                f.moe(false))
            .trunk(
                count,
                ratios,
                kvSources,
                indexSources,
                routedLimits,
                f.limits("swiglu_clamp_shexp", count, routedLimits),
                NAMES,
                f::error);
    float normEps = (float) f.realOr(1e-20, "attention.layer_norm_rms_epsilon");
    return ConfigChecks.check(
        new ModelConfig(
            "deepseek_v41",
            f.vocabularySize(),
            f.positive("embedding_length"),
            f.positive("context_length"),
            f.bosId(),
            f.eosId(),
            -1,
            normEps,
            V41Layers.ACTIVATION_CODE,
            V41Layers.WINDOW_CODE,
            V41Layers.ENTRY_CODE,
            // No field says so; these architectures are the releases, converted.
            true,
            f.hyper(true),
            f.attention(false),
            f.indexer(IndexerConfig.Keys.PROJECTED, candidates(trunk)),
            trunk,
            List.of(),
            null,
            new EngramGgufConfig(f, gguf, source).read(normEps),
            null),
        f::error);
  }

  /** Some converters count the drafters that the file leaves out, as V4 files do. */
  private int layerCount() {
    int blocks = f.blocks();
    int drafters = f.numberOr(0, "nextn_predict_layers");
    return drafters < blocks && !has(blocks - drafters, "attn_norm") ? blocks - drafters : blocks;
  }

  private boolean has(int layer, String tensor) {
    return gguf.names().contains("blk." + layer + "." + tensor + ".weight");
  }

  private List<Integer> layersWith(String tensor, int count) {
    List<Integer> layers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (has(i, tensor)) {
        layers.add(i);
      }
    }
    return layers;
  }

  private @Nullable Candidates candidates(List<LayerConfig> trunk) {
    List<Long> named =
        f.longs(
            "attention.candidate_source_layer",
            "attention.candidate_source_layer_id",
            "attention.indexer.candidate_source_layer",
            "candidate_source_layer",
            "candidate_source_layer_id");
    long layer =
        named.isEmpty()
            ? trunk.stream()
                .filter(l -> l.compresses() && l.ratio() == 1)
                .mapToInt(LayerConfig::index)
                .findFirst()
                .orElse(-1)
            : named.getFirst();
    if (layer < 0) {
      return null;
    }
    if (layer >= trunk.size() || !trunk.get((int) layer).selects()) {
      throw f.error(
          "attention.candidate_source_layer", "is " + layer + ", a layer without an indexer");
    }
    return new Candidates(
        (int) layer,
        f.positiveOr(
            2048,
            "attention.candidate_topk_blocks",
            "attention.candidate_block_count",
            "attention.indexer.candidate_topk_blocks",
            "candidate_topk_blocks"),
        f.positiveOr(
            8,
            "attention.candidate_block_size",
            "attention.indexer.candidate_block_size",
            "candidate_block_size"));
  }
}
