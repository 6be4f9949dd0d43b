package io.hadal.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Scales of a matrix stored beside it: one per tile of {@code tileRows x tileCols} elements,
 * row-major, ragged edges rounded up.
 *
 * @param type {@link StorageType#F8_E8M0} (a power of two a byte) or {@link StorageType#F32}
 */
public record BlockScales(
    StorageType type, MemorySegment data, int tileRows, int tileCols, int tilesPerRow) {

  public BlockScales {
    if (type != StorageType.F8_E8M0 && type != StorageType.F32) {
      throw new IllegalArgumentException("scales are F8_E8M0 or F32, not " + type);
    }
    if (tileRows < 1 || tileCols < 1 || tilesPerRow < 1) {
      throw new IllegalArgumentException("empty scale tile");
    }
  }
}
