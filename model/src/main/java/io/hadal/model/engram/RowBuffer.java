package io.hadal.model.engram;

import io.hadal.kernels.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory for stored rows of a table; freed when it is no longer referenced. */
final class RowBuffer {
  private static final long ALIGNMENT = 64;

  final int capacity;
  final MemorySegment codes;
  final MemorySegment scales;
  final Matrix matrix;
  private final int codeBytes;
  private final int scaleBytes;

  RowBuffer(TableFormat format, int capacity) {
    this.capacity = capacity;
    this.codeBytes = format.codeBytes();
    this.scaleBytes = format.scaleBytes();
    Arena arena = Arena.ofAuto();
    this.codes = arena.allocate((long) capacity * codeBytes, ALIGNMENT);
    this.scales = arena.allocate((long) capacity * scaleBytes, ALIGNMENT);
    this.matrix = format.matrix(codes, scales, capacity);
  }

  /** Copies one row of another buffer of the same format. */
  void copy(RowBuffer from, int fromRow, int toRow) {
    MemorySegment.copy(
        from.codes, (long) fromRow * codeBytes, codes, (long) toRow * codeBytes, codeBytes);
    if (scaleBytes > 0) {
      MemorySegment.copy(
          from.scales, (long) fromRow * scaleBytes, scales, (long) toRow * scaleBytes, scaleBytes);
    }
  }
}
