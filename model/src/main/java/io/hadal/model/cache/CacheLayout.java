package io.hadal.model.cache;

import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;

/**
 * Row formats and ring sizes of a cache.
 *
 * @param rows key-value rows, window and compressed
 * @param indexRows index keys
 * @param stepTokens most tokens one step may add to a timeline
 * @param rollback positions a timeline can be cut back without replaying
 */
public record CacheLayout(
    RowFormat rows, RowFormat indexRows, int window, int stepTokens, int rollback) {

  /** Positions that can always be taken back, enough for any draft. */
  public static final int ROLLBACK = 16;

  /** Full-precision rows, also for modes that simulate the quantised caches. */
  public static CacheLayout plain(ModelConfig config, int stepTokens) {
    return new CacheLayout(
        new RowFormat.F32(config.attention().headDim()),
        new RowFormat.F32(config.indexer().headDim()),
        config.attention().window(),
        stepTokens,
        ROLLBACK);
  }

  /**
   * Packed FP8 rows and FP4 index keys: the bytes of the released engines, lossless after cache
   * rounding.
   */
  public static CacheLayout packed(ModelConfig config, int stepTokens) {
    AttentionConfig a = config.attention();
    return new CacheLayout(
        new RowFormat.Fp8(a.nopeDim(), a.ropeDim(), config.cacheBlock()),
        new RowFormat.Fp4(config.indexer().headDim()),
        a.window(),
        stepTokens,
        ROLLBACK);
  }

  int windowCapacity() {
    return window + Math.max(stepTokens, rollback);
  }

  int tailCapacity(LayerConfig layer) {
    return layer.compressorHalves() * layer.ratio() + rollback;
  }

  RowFormat tailFormat(LayerConfig layer, int width) {
    return new RowFormat.F32(2 * layer.compressorHalves() * width);
  }

  /** Bytes of a timeline that do not grow with its length. */
  public long fixedBytes(LayerConfig layer) {
    long bytes = (long) windowCapacity() * rows.bytes();
    if (layer.ratio() > 0) {
      bytes += (long) tailCapacity(layer) * tailFormat(layer, rows.width()).bytes();
    }
    if (layer.indexed()) {
      bytes += (long) tailCapacity(layer) * tailFormat(layer, indexRows.width()).bytes();
    }
    return bytes;
  }

  /** Bytes a layer adds per token in the long run. */
  public double bytesPerToken(LayerConfig layer) {
    if (layer.ratio() == 0) {
      return 0;
    }
    return (rows.bytes() + (layer.indexed() ? indexRows.bytes() : 0)) / (double) layer.ratio();
  }
}
