package io.hadal.kernels.scalar;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.E8M0;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import java.lang.foreign.ValueLayout;

/** Reads the scales that lie beside a matrix. */
public final class TileScales {
  private TileScales() {}

  /** Scales of a scaled matrix. */
  public static BlockScales of(Matrix w) {
    BlockScales scales = w.scales();
    if (scales == null) {
      throw new IllegalArgumentException(w + " has no scales");
    }
    return scales;
  }

  /** Index of the first scale of a row. */
  public static long firstTile(Matrix w, BlockScales scales, int row) {
    return (long) ((row + w.scaleRowOffset()) / scales.tileRows()) * scales.tilesPerRow();
  }

  public static float scale(BlockScales scales, long tile) {
    if (scales.type() == StorageType.F32) {
      return Float.intBitsToFloat(scales.data().get(BlockDecoder.INT, 4 * tile));
    }
    return E8M0.decode(scales.data().get(ValueLayout.JAVA_BYTE, tile));
  }
}
