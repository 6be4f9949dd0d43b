package io.hadal.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Stores matrices as E4M3 codes with UE8M0 scales in a place of their own, as the released
 * checkpoints do: the scale of a tile is the smallest power of two that brings its largest value
 * into the range of the codes. For E2M1 see {@link BlockQuantizer#packFp4}.
 */
public final class TileEncoder {
  private TileEncoder() {}

  /**
   * E4M3 codes of up to {@code tile} rows that share their scales.
   *
   * @param x values, {@code rows * cols}, finite
   * @param tile columns of a tile; the last one may be short
   * @param codes receives {@code rows * cols} bytes
   * @param scales receives one byte per tile
   */
  public static void fp8(
      float[] x, int rows, int cols, int tile, MemorySegment codes, MemorySegment scales) {
    for (int from = 0; from < cols; from += tile) {
      int to = Math.min(cols, from + tile);
      float largest = 0;
      for (int r = 0; r < rows; r++) {
        for (int c = from; c < to; c++) {
          largest = Math.max(largest, Math.abs(x[r * cols + c]));
        }
      }
      byte scale = E8M0.encodeCeil(largest / Fp8.MAX);
      float d = E8M0.decode(scale);
      scales.set(ValueLayout.JAVA_BYTE, from / tile, scale);
      for (int r = 0; r < rows; r++) {
        for (int c = from; c < to; c++) {
          codes.set(ValueLayout.JAVA_BYTE, (long) r * cols + c, Fp8.encode(x[r * cols + c] / d));
        }
      }
    }
  }
}
