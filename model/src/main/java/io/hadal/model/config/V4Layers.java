package io.hadal.model.config;

import io.hadal.model.config.LayerConfig.Compression;

/** How a V4 compress ratio becomes a layer (spec 1.2), shared by the file formats. */
record V4Layers(RopeConfig windowRope, RopeConfig compressedRope, MoeConfig moe) {
  /** The one ratio whose groups overlap and are chosen by the indexer. */
  private static final int INDEXED_RATIO = 4;

  /** FP8 blocks of 64 over the part that is not rotated (spec 0.3). */
  static final RowCode CACHE_CODE = new RowCode(RowCode.Kind.FP8, 64, false);

  LayerConfig trunk(
      int index, int ratio, boolean hashRouted, float routedLimit, float sharedLimit) {
    Compression kind =
        switch (ratio) {
          case 0 -> Compression.NONE;
          case INDEXED_RATIO -> Compression.OVERLAPPED;
          default -> Compression.DISJOINT;
        };
    return new LayerConfig(
        index,
        kind,
        ratio,
        ratio == 0 ? -1 : index,
        ratio == INDEXED_RATIO ? index : -1,
        ratio == 0 ? windowRope : compressedRope,
        moe,
        hashRouted,
        routedLimit,
        sharedLimit,
        0);
  }

  /** MTP layers see the window only and are never hash-routed. */
  LayerConfig drafter(int index, float routedLimit, float sharedLimit) {
    return trunk(index, 0, false, routedLimit, sharedLimit);
  }
}
