package io.hadal.model.engram;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/**
 * How one row of a table is stored: its codes and, for types without scales of their own, one UE8M0
 * scale per {@value #SCALED} values.
 *
 * @param width values in a row
 */
record TableFormat(StorageType type, int width) {
  private static final int SCALED = 32;

  /** Bytes of a row without separate scales. */
  int codeBytes() {
    return Math.toIntExact(type.bytes(width));
  }

  /** Bytes of a row's separate scales, 0 for most types. */
  int scaleBytes() {
    return switch (type) {
      case F8_E4M3, FP4_E2M1 -> (width + SCALED - 1) / SCALED;
      default -> 0;
    };
  }

  int rowBytes() {
    return codeBytes() + scaleBytes();
  }

  /** Rows that lie one after the other, their scales too. */
  Matrix matrix(MemorySegment codes, MemorySegment scales, int rows) {
    if (scaleBytes() == 0) {
      return Matrix.of(type, codes, rows, width);
    }
    return Matrix.scaled(
        type,
        codes,
        rows,
        width,
        new BlockScales(StorageType.F8_E8M0, scales, 1, SCALED, scaleBytes()));
  }
}
