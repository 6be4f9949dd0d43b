package io.hadal.model.cache;

import io.hadal.kernels.ByteTile;
import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.NumericMode;
import io.hadal.model.config.RowCode;

/**
 * Row formats and ring sizes of a cache.
 *
 * @param windowRows key-value rows of the window
 * @param entryRows compressed key-value rows
 * @param indexRows index keys
 * @param streamRows normalised n-gram values that a convolution looks back on
 * @param indexTails true when index keys come from a compressor of their own
 * @param stepTokens most tokens one step may add to a timeline
 * @param rollback positions a timeline can be cut back without replaying
 */
public record CacheLayout(
    RowFormat windowRows,
    RowFormat entryRows,
    RowFormat indexRows,
    RowFormat streamRows,
    boolean indexTails,
    int window,
    int stepTokens,
    int rollback) {

  /** Positions that can be taken back at least; longer proposals raise it. */
  public static final int ROLLBACK = 16;

  /** Full-precision rows, also for modes that simulate the quantised caches. */
  public static CacheLayout plain(ModelConfig config, int stepTokens) {
    RowFormat rows = new RowFormat.F32(config.attention().headDim());
    RowFormat keys = new KeyFormat.F32Keys(config.indexer().headDim());
    return of(config, rows, rows, keys, stepTokens);
  }

  /** What a numeric mode keeps. */
  public static CacheLayout of(
      ModelConfig config, NumericMode mode, boolean packed, int stepTokens) {
    if (packed && mode.roundsCaches()) {
      return packed(config, stepTokens);
    }
    return mode == NumericMode.FAST ? fast(config, stepTokens) : plain(config, stepTokens);
  }

  /** Packed where the model knows such rows; else plain rows and keys as bytes to be scored. */
  private static CacheLayout fast(ModelConfig config, int stepTokens) {
    if (config.quantisedCache()) {
      return packed(config, stepTokens);
    }
    int dim = config.indexer().headDim();
    RowFormat keys =
        dim <= ByteTile.MOST ? new KeyFormat.ByteKeys(dim) : new KeyFormat.F32Keys(dim);
    RowFormat rows = new RowFormat.F32(config.attention().headDim());
    return of(config, rows, rows, keys, stepTokens);
  }

  /** Packed rows: the bytes of the released engines, lossless after cache rounding. */
  public static CacheLayout packed(ModelConfig config, int stepTokens) {
    return of(
        config,
        windowRows(config),
        entryRows(config),
        new KeyFormat.Fp4Keys(config.indexer().headDim()),
        stepTokens);
  }

  private static CacheLayout of(
      ModelConfig config, RowFormat window, RowFormat entries, RowFormat index, int stepTokens) {
    return new CacheLayout(
        window,
        entries,
        index,
        new RowFormat.F32(config.streamWidth()),
        config.indexer().keys() == IndexerConfig.Keys.COMPRESSED,
        config.attention().window(),
        stepTokens,
        config.blockDraft() == null
            ? ROLLBACK
            : Math.max(ROLLBACK, config.blockDraft().blockSize() + 1));
  }

  private static RowFormat windowRows(ModelConfig config) {
    return packedRows(config.windowCode(), config.attention());
  }

  private static RowFormat entryRows(ModelConfig config) {
    return packedRows(config.entryCode(), config.attention());
  }

  private static RowFormat packedRows(RowCode code, AttentionConfig a) {
    int codes = code.codes(a.headDim(), a.ropeDim());
    return switch (code.kind()) {
      case FP8 -> new RowFormat.Fp8(codes, a.headDim() - codes, code.block());
      case FP4_E4M3 -> new RowFormat.Fp4E4M3(codes, code.block());
    };
  }

  int windowCapacity() {
    return window + Math.max(stepTokens, rollback);
  }

  int convolutionCapacity(LayerConfig layer) {
    return layer.convolvedPast() + Math.max(stepTokens, rollback);
  }

  int tailCapacity(LayerConfig layer) {
    return layer.compressorHalves() * layer.ratio() + rollback;
  }

  RowFormat tailFormat(LayerConfig layer, int width) {
    return new RowFormat.F32(2 * layer.compressorHalves() * width);
  }

  /** Bytes of a timeline that do not grow with its length. */
  public long fixedBytes(LayerConfig layer) {
    long bytes = (long) windowCapacity() * windowRows.bytes();
    if (layer.convolvedPast() > 0) {
      bytes += (long) convolutionCapacity(layer) * streamRows.bytes();
    }
    if (layer.compresses()) {
      bytes += (long) tailCapacity(layer) * tailFormat(layer, entryRows.width()).bytes();
    }
    if (layer.makesIndexKeys() && indexTails) {
      bytes += (long) tailCapacity(layer) * tailFormat(layer, indexRows.width()).bytes();
    }
    return bytes;
  }

  /** Bytes a layer adds per token in the long run. */
  public double bytesPerToken(LayerConfig layer) {
    if (!layer.compresses()) {
      return 0;
    }
    return (entryRows.bytes() + (layer.makesIndexKeys() ? indexRows.bytes() : 0))
        / (double) layer.ratio();
  }
}
