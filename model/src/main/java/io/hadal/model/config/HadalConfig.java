package io.hadal.model.config;

import io.hadal.model.config.EngramConfig.Fusion;
import io.hadal.model.engram.CanonicalRule;
import io.hadal.model.engram.CodeChannel;
import io.hadal.model.engram.CodeEngramIndex;
import io.hadal.model.engram.ShortConvolution;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * {@code config.json} of Hadal's own models: a flat V4.1 configuration with more choices, described
 * in docs/formats.md.
 */
final class HadalConfig {
  static final String FAMILY = "hadal";
  private static final int MAX_COMPLETION_RANK = 1 << 14;

  private final ConfigFields f;
  private final V41HfConfig backbone;

  private HadalConfig(ConfigFields f) {
    this.f = f;
    this.backbone = new V41HfConfig(f, f);
  }

  static ModelConfig read(ConfigFields fields) {
    return new HadalConfig(fields).read();
  }

  private ModelConfig read() {
    // Without routed experts the shared one is the whole feed-forward.
    boolean dense = f.number("n_routed_experts") == 0;
    MoeConfig moe = dense ? backbone.moe(0, 0) : backbone.moe();
    if (dense && moe.sharedExperts() != 1) {
      throw f.error("n_shared_experts", "must be 1 in a model without routed experts");
    }
    List<LayerConfig> trunk = new ArrayList<>(backbone.trunk(moe));
    int hashLayers = f.numberOr(0, "num_hash_layers");
    if (hashLayers > trunk.size()) {
      throw f.error("num_hash_layers", "is " + hashLayers + " for " + trunk.size() + " layers");
    }
    if (dense && hashLayers > 0) {
      throw f.error("num_hash_layers", "must be 0 in a model without routed experts");
    }
    for (int i = 0; i < hashLayers; i++) {
      trunk.set(i, trunk.get(i).hashed());
    }
    EngramConfig engram = engram(trunk.size());
    if (engram != null && engram.fusion().convolution()) {
      for (int layer : engram.layers()) {
        if (layer >= 0 && layer < trunk.size()) {
          int past = ShortConvolution.reach(engram.maxOrder());
          trunk.set(layer, trunk.get(layer).convolved(past));
        }
      }
    }
    // These are trained without rounded caches, however their weights are stored.
    return backbone.model(FAMILY, false, trunk, engram, completionHead());
  }

  private @Nullable CompletionHeadConfig completionHead() {
    int rank = f.numberOr(0, "completion_head_rank");
    if (rank == 0) {
      return null;
    }
    if (rank > MAX_COMPLETION_RANK) {
      throw f.error("completion_head_rank", "is " + rank + ", above " + MAX_COMPLETION_RANK);
    }
    int token = f.number("completion_head_token_id");
    if (token >= f.positive("vocab_size")) {
      throw f.error("completion_head_token_id", token + " lies outside the vocabulary");
    }
    return new CompletionHeadConfig(rank, token);
  }

  private @Nullable EngramConfig engram(int layerCount) {
    if (f.find("engram_max_ngram_size") == null) {
      return null;
    }
    List<Integer> layers =
        f.find("engram_layer_ids") == null
            ? CodeEngramIndex.layers(layerCount)
            : f.numbers("engram_layer_ids");
    if (layers.isEmpty()) {
      throw f.error(
          "engram_layer_ids", "names no layer; leave out engram_max_ngram_size for no memory");
    }
    List<Long> rows = new ArrayList<>();
    if (f.find("engram_num_embeddings") != null) {
      f.numbers("engram_num_embeddings").forEach(n -> rows.add((long) n));
    }
    return new EngramConfig(
        layers,
        rows,
        f.positive("engram_max_ngram_size"),
        f.positive("engram_vocab_size"),
        f.positive("engram_n_heads"),
        f.positive("engram_head_dim"),
        f.number("engram_pad_token_id"),
        f.numberOr(0, "engram_compressed_vocab_size"),
        List.of(),
        List.of(),
        rule(),
        channels(),
        new Fusion(
            gated(),
            f.flagOr(false, "engram_convolution"),
            f.flagOr(false, "engram_projection_bias"),
            (float) f.realOr(backbone.normEps(), "engram_norm_eps")));
  }

  private CanonicalRule rule() {
    String name = f.textOrNull("engram_canonical_map");
    return name == null
        ? CanonicalRule.RELEASED
        : f.choice("engram_canonical_map", name, CanonicalRule.values());
  }

  private boolean gated() {
    String name = f.textOrNull("engram_gate");
    if (name == null || name.equals("signed_sqrt")) {
      return true;
    }
    if (name.equals("none")) {
      return false;
    }
    throw f.error("engram_gate", "is " + name + "; supported: signed_sqrt, none");
  }

  private SortedMap<CodeChannel, Integer> channels() {
    SortedMap<CodeChannel, Integer> sizes = new TreeMap<>();
    JsonNode node = f.find("engram_channels");
    if (node == null) {
      return sizes;
    }
    if (!node.isObject()) {
      throw f.error("engram_channels", "must be an object of table sizes by channel");
    }
    for (Map.Entry<String, JsonNode> e : node.properties()) {
      CodeChannel channel =
          f.choice("engram_channels", e.getKey().toLowerCase(Locale.ROOT), CodeChannel.values());
      JsonNode size = e.getValue();
      if (!size.isIntegralNumber() || !size.canConvertToInt() || size.intValue() < 1) {
        throw f.error("engram_channels", "gives " + e.getKey() + " the size " + size);
      }
      sizes.put(channel, size.intValue());
    }
    return sizes;
  }
}
