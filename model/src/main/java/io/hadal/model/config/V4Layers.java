package io.hadal.model.config;

import io.hadal.model.config.LayerConfig.Compression;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/** How a V4 compress ratio becomes a layer (spec 1.2), shared by the file formats. */
record V4Layers(RopeConfig windowRope, RopeConfig compressedRope) {
  /** The one ratio whose groups overlap and are chosen by the indexer. */
  private static final int INDEXED_RATIO = 4;

  LayerConfig trunk(int ratio, boolean hashRouted, float routedLimit, float sharedLimit) {
    Compression kind =
        switch (ratio) {
          case 0 -> Compression.NONE;
          case INDEXED_RATIO -> Compression.OVERLAPPED;
          default -> Compression.DISJOINT;
        };
    return new LayerConfig(
        kind,
        ratio,
        ratio == INDEXED_RATIO,
        ratio == 0 ? windowRope : compressedRope,
        hashRouted,
        routedLimit,
        sharedLimit);
  }

  /** MTP layers see the window only and are never hash-routed. */
  LayerConfig drafter(float routedLimit, float sharedLimit) {
    return trunk(0, false, routedLimit, sharedLimit);
  }

  /** Relations between fields that every later step takes for granted. */
  static ModelConfig check(
      ModelConfig c, BiFunction<String, String, ? extends RuntimeException> error) {
    List<String[]> wrong = new ArrayList<>();
    AttentionConfig a = c.attention();
    if (a.ropeDim() % 2 != 0 || a.ropeDim() >= a.headDim()) {
      wrong.add(new String[] {"qk_rope_head_dim", a.ropeDim() + " is odd or not below head_dim"});
    }
    if (a.heads() % a.outGroups() != 0) {
      wrong.add(
          new String[] {"o_groups", a.outGroups() + " does not divide " + a.heads() + " heads"});
    }
    if (c.moe().activeExperts() > c.moe().experts()) {
      wrong.add(new String[] {"num_experts_per_tok", "is above n_routed_experts"});
    }
    if (c.moe().sharedExperts() > 1) {
      wrong.add(new String[] {"n_shared_experts", "above 1 is not supported"});
    }
    if (c.hyper().streams() > 8) {
      wrong.add(new String[] {"hc_mult", "above 8 is not supported"});
    }
    boolean indexed = c.layers().stream().anyMatch(LayerConfig::indexed);
    int indexDim = c.indexer().headDim();
    if (indexed && (Integer.bitCount(indexDim) != 1 || indexDim < a.ropeDim())) {
      wrong.add(
          new String[] {
            "index_head_dim", indexDim + " is no power of two of at least the rotated width"
          });
    }
    if (c.contextLength() < 1) {
      wrong.add(new String[] {"max_position_embeddings", "must be positive"});
    }
    if (!wrong.isEmpty()) {
      throw error.apply(wrong.get(0)[0], wrong.get(0)[1]);
    }
    return c;
  }
}
