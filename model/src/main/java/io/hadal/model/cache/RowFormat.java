package io.hadal.model.cache;

import io.hadal.kernels.AttentionKernels;
import io.hadal.kernels.Bf16;
import io.hadal.kernels.BlockQuantizer;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** How the rows of a page lie in memory: one after the other, or as {@link KeyFormat} has them. */
public sealed interface RowFormat
    permits RowFormat.F32, RowFormat.Fp8, RowFormat.Fp4E4M3, KeyFormat {

  /** Values of a row. */
  int width();

  /** Bytes of a row. */
  int bytes();

  void write(float[] row, int offset, MemorySegment page, int slot);

  void read(MemorySegment page, int slot, float[] row, int offset);

  /** Writes the first rows of a page to a snapshot. */
  default void save(MemorySegment page, int rows, DataOutputStream out) throws IOException {
    SnapshotIo.write(out, page, (long) rows * bytes());
  }

  /** Reads what {@link #save} wrote. */
  default void restore(MemorySegment page, int rows, DataInputStream in) throws IOException {
    SnapshotIo.read(in, page, (long) rows * bytes());
  }

  /** Plain floats. */
  record F32(int width) implements RowFormat {
    @Override
    public int bytes() {
      return 4 * width;
    }

    @Override
    public void write(float[] row, int offset, MemorySegment page, int slot) {
      MemorySegment.copy(row, offset, page, ValueLayout.JAVA_FLOAT, (long) slot * bytes(), width);
    }

    @Override
    public void read(MemorySegment page, int slot, float[] row, int offset) {
      MemorySegment.copy(page, ValueLayout.JAVA_FLOAT, (long) slot * bytes(), row, offset, width);
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
    public void write(float[] row, int offset, MemorySegment page, int slot) {
      long at = (long) slot * bytes();
      BlockQuantizer.packFp8(row, offset, nope, block, page, at, page, at + nope + 2L * rope);
      for (int i = 0; i < rope; i++) {
        page.set(
            ValueLayout.JAVA_SHORT_UNALIGNED,
            at + nope + 2L * i,
            Bf16.encode(row[offset + nope + i]));
      }
    }

    @Override
    public void read(MemorySegment page, int slot, float[] row, int offset) {
      long at = (long) slot * bytes();
      AttentionKernels.get().unpackFp8(page, at, nope, rope, block, row, offset);
    }
  }

  /** E2M1 codes, two a byte, then one E4M3 scale per {@code block} values (V4.1 spec 6). */
  record Fp4E4M3(int width, int block) implements RowFormat {
    @Override
    public int bytes() {
      return (width + 1) / 2 + (width + block - 1) / block;
    }

    @Override
    public void write(float[] row, int offset, MemorySegment page, int slot) {
      long at = (long) slot * bytes();
      long scales = at + (width + 1) / 2;
      BlockQuantizer.packFp4E4M3(row, offset, width, block, page, at, page, scales);
    }

    @Override
    public void read(MemorySegment page, int slot, float[] row, int offset) {
      long at = (long) slot * bytes();
      AttentionKernels.get().unpackFp4E4M3(page, at, width, block, row, offset);
    }
  }
}
