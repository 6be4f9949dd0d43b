package io.hadal.model.config;

import io.hadal.model.config.LayerConfig.Compression;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/** How V4.1 layers share compressed streams (V4.1 spec 3), the same in every file format. */
record V41Layers(RopeConfig windowRope, RopeConfig compressedRope, MoeConfig moe) {
  /** FP8 groups of 32 over whole window rows (V4.1 spec 6). */
  static final RowCode WINDOW_CODE = new RowCode(RowCode.Kind.FP8, 32, true);

  /** FP4 groups of 16 with E4M3 scales over whole entries. */
  static final RowCode ENTRY_CODE = new RowCode(RowCode.Kind.FP4_E4M3, 16, true);

  /** FP8 groups of 32 of the activations. */
  static final ActivationCode ACTIVATION_CODE = new ActivationCode(32, true);

  /** Names of the fields that give the roles, for messages. */
  record Names(String ratios, String kvSources, String indexSources) {}

  /**
   * The trunk: each layer reads the latest stream and the latest choice of entries below it.
   *
   * @param ratios one per layer, more are ignored
   * @param kvSources layers that compress
   * @param indexSources layers that choose entries
   * @param routedLimits SwiGLU clamp of routed experts, one per layer
   * @param sharedLimits SwiGLU clamp of the shared expert, one per layer
   */
  List<LayerConfig> trunk(
      int count,
      List<Integer> ratios,
      List<Integer> kvSources,
      List<Integer> indexSources,
      float[] routedLimits,
      float[] sharedLimits,
      Names names,
      BiFunction<String, String, ? extends RuntimeException> error) {
    if (ratios.size() < count) {
      throw error.apply(
          names.ratios(), "has " + ratios.size() + " entries for " + count + " layers");
    }
    List<LayerConfig> layers = new ArrayList<>();
    int kv = -1;
    int index = -1;
    for (int i = 0; i < count; i++) {
      int ratio = ratios.get(i);
      if (ratio < 0) {
        throw error.apply(names.ratios(), "holds " + ratio);
      }
      boolean compresses = kvSources.contains(i);
      if (compresses) {
        kv = i;
      }
      if (indexSources.contains(i)) {
        index = i;
      }
      if (ratio == 0) {
        if (compresses || indexSources.contains(i)) {
          throw error.apply(
              names.kvSources(), "or " + names.indexSources() + " names window layer " + i);
        }
        layers.add(window(i, routedLimits[i], sharedLimits[i]));
        continue;
      }
      if (kv < 0 || index < kv) {
        throw error.apply(
            names.indexSources(), "gives layer " + i + " no choice of the entries it reads");
      }
      if (!compresses && layers.get(kv).ratio() != ratio) {
        throw error.apply(
            names.ratios(), "gives layer " + i + " another ratio than its source, layer " + kv);
      }
      layers.add(
          new LayerConfig(
              i,
              compresses ? Compression.DISJOINT : Compression.NONE,
              ratio,
              kv,
              index,
              compressedRope,
              moe,
              false,
              routedLimits[i],
              sharedLimits[i],
              0));
    }
    return layers;
  }

  /** A layer that sees the window only, as all drafters do. */
  LayerConfig window(int index, float routedLimit, float sharedLimit) {
    return new LayerConfig(
        index, Compression.NONE, 0, -1, -1, windowRope, moe, false, routedLimit, sharedLimit, 0);
  }
}
