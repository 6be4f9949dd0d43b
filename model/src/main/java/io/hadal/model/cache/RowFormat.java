package io.hadal.model.cache;

import io.hadal.kernels.Bf16;
import io.hadal.kernels.BlockQuantizer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** How one cached row of floats lies in memory. */
public sealed interface RowFormat {

  /** Values of a row. */
  int width();

  /** Bytes of a row. */
  int bytes();

  void write(float[] row, int offset, MemorySegment to, long at);

  void read(MemorySegment from, long at, float[] row, int offset);

  /** Plain floats. */
  record F32(int width) implements RowFormat {
    @Override
    public int bytes() {
      return 4 * width;
    }

    @Override
    public void write(float[] row, int offset, MemorySegment to, long at) {
      MemorySegment.copy(row, offset, to, ValueLayout.JAVA_FLOAT, at, width);
    }

    @Override
    public void read(MemorySegment from, long at, float[] row, int offset) {
      MemorySegment.copy(from, ValueLayout.JAVA_FLOAT, at, row, offset, width);
    }
  }

  /**
   * E4M3 codes for the first {@code nope} values, bf16 for the {@code rope} values behind them,
   * then one power-of-two scale per {@code block} codes, padded to eight bytes (spec 8.2). Lossless
   * for rows that went through the FP8 rounding of the caches and whose rotated part is bf16.
   */
  record Fp8(int nope, int rope, int block) implements RowFormat {
    @Override
    public int width() {
      return nope + rope;
    }

    private int scales() {
      return (nope + block - 1) / block;
    }

    @Override
    public int bytes() {
      return nope + 2 * rope + (scales() + 7) / 8 * 8;
    }

    @Override
    public void write(float[] row, int offset, MemorySegment to, long at) {
      BlockQuantizer.packFp8(row, offset, nope, block, to, at, to, at + nope + 2L * rope);
      for (int i = 0; i < rope; i++) {
        to.set(
            ValueLayout.JAVA_SHORT_UNALIGNED,
            at + nope + 2L * i,
            Bf16.encode(row[offset + nope + i]));
      }
    }

    @Override
    public void read(MemorySegment from, long at, float[] row, int offset) {
      BlockQuantizer.unpackFp8(from, at, from, at + nope + 2L * rope, nope, block, row, offset);
      for (int i = 0; i < rope; i++) {
        row[offset + nope + i] =
            Bf16.decode(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + nope + 2L * i));
      }
    }
  }

  /** E2M1 codes, two a byte, then one E4M3 scale per {@code block} values (V4.1 spec 6). */
  record Fp4E4M3(int width, int block) implements RowFormat {
    @Override
    public int bytes() {
      return (width + 1) / 2 + (width + block - 1) / block;
    }

    @Override
    public void write(float[] row, int offset, MemorySegment to, long at) {
      BlockQuantizer.packFp4E4M3(row, offset, width, block, to, at, to, at + (width + 1) / 2);
    }

    @Override
    public void read(MemorySegment from, long at, float[] row, int offset) {
      BlockQuantizer.unpackFp4E4M3(from, at, from, at + (width + 1) / 2, width, block, row, offset);
    }
  }

  /** E2M1 codes, two a byte, then one power-of-two scale per 32 values: index keys (spec 8.3). */
  record Fp4(int width) implements RowFormat {
    @Override
    public int bytes() {
      return (width + 1) / 2 + (width + 31) / 32;
    }

    @Override
    public void write(float[] row, int offset, MemorySegment to, long at) {
      BlockQuantizer.packFp4(row, offset, width, 32, to, at, to, at + (width + 1) / 2);
    }

    @Override
    public void read(MemorySegment from, long at, float[] row, int offset) {
      BlockQuantizer.unpackFp4(from, at, from, at + (width + 1) / 2, width, 32, row, offset);
    }
  }
}
