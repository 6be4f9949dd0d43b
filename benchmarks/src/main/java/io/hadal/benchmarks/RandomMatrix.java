package io.hadal.benchmarks;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.RandomBlocks;
import io.hadal.kernels.StorageType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/**
 * Weight matrices of random codes with harmless scales: kernels do the same work as on a model, and
 * no result is infinite or NaN, which some processors compute slower.
 */
public final class RandomMatrix {
  private static final int F8_TILE = 128;
  private static final int FP4_TILE = 32;

  /** Blocks that are made at a time. */
  private static final int BLOCKS = 1024;

  private RandomMatrix() {}

  public static Matrix create(Arena arena, StorageType type, int rows, int cols, long seed) {
    RandomBlocks blocks = RandomBlocks.of(type, 1 / Math.sqrt(cols));
    SplittableRandom random = new SplittableRandom(seed);
    MemorySegment data = arena.allocate(type.bytes(cols) * rows, 64);
    byte[] some = new byte[BLOCKS * type.blockBytes()];
    for (long at = 0; at < data.byteSize(); at += some.length) {
      blocks.fill(random, some);
      int count = (int) Math.min(some.length, data.byteSize() - at);
      MemorySegment.copy(some, 0, data, ValueLayout.JAVA_BYTE, at, count);
    }
    return switch (type) {
      case F8_E4M3 ->
          Matrix.scaled(
              type, data, rows, cols, scales(arena, blocks, random, rows, cols, F8_TILE, F8_TILE));
      case FP4_E2M1 ->
          Matrix.scaled(
              type, data, rows, cols, scales(arena, blocks, random, rows, cols, 1, FP4_TILE));
      default -> Matrix.of(type, data, rows, cols);
    };
  }

  private static BlockScales scales(
      Arena arena,
      RandomBlocks blocks,
      SplittableRandom random,
      int rows,
      int cols,
      int tileRows,
      int tileCols) {
    int across = Math.ceilDiv(cols, tileCols);
    MemorySegment data = arena.allocate((long) Math.ceilDiv(rows, tileRows) * across);
    for (long i = 0; i < data.byteSize(); i++) {
      data.set(ValueLayout.JAVA_BYTE, i, blocks.tileScale(random));
    }
    return new BlockScales(StorageType.F8_E8M0, data, tileRows, tileCols, across);
  }
}
