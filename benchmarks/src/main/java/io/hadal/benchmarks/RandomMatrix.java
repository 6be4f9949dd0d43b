package io.hadal.benchmarks;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Matrix;
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

  /** The f16 2^-7. */
  private static final short SMALL_F16 = 0x2000;

  /** The e8m0 2^-7. */
  private static final byte SMALL_E8M0 = 120;

  private RandomMatrix() {}

  public static Matrix create(Arena arena, StorageType type, int rows, int cols, long seed) {
    MemorySegment data = arena.allocate(type.bytes(cols) * rows, 64);
    SplittableRandom random = new SplittableRandom(seed);
    switch (type) {
      case F32 -> {
        for (long i = 0; i < (long) rows * cols; i++) {
          data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
        }
      }
      case F16 -> {
        for (long i = 0; i < (long) rows * cols; i++) {
          data.setAtIndex(
              ValueLayout.JAVA_SHORT, i, Float.floatToFloat16((float) random.nextDouble(-1, 1)));
        }
      }
      case BF16 -> {
        for (long i = 0; i < (long) rows * cols; i++) {
          int bits = Float.floatToRawIntBits((float) random.nextDouble(-1, 1));
          data.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (bits >>> 16));
        }
      }
      default -> {
        fill(data, random);
        for (int offset : scaleOffsets(type)) {
          for (long block = 0; block < data.byteSize(); block += type.blockBytes()) {
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, block + offset, SMALL_F16);
          }
        }
      }
    }
    return switch (type) {
      case F8_E4M3 -> {
        withoutNaN(data);
        yield Matrix.scaled(type, data, rows, cols, scales(arena, rows, cols, F8_TILE, F8_TILE));
      }
      case FP4_E2M1 ->
          Matrix.scaled(type, data, rows, cols, scales(arena, rows, cols, 1, FP4_TILE));
      case MXFP4 -> {
        for (long block = 0; block < data.byteSize(); block += type.blockBytes()) {
          data.set(ValueLayout.JAVA_BYTE, block, SMALL_E8M0);
        }
        yield Matrix.of(type, data, rows, cols);
      }
      default -> Matrix.of(type, data, rows, cols);
    };
  }

  private static void fill(MemorySegment data, SplittableRandom random) {
    byte[] bytes = new byte[1 << 16];
    for (long i = 0; i < data.byteSize(); i += bytes.length) {
      random.nextBytes(bytes);
      int count = (int) Math.min(bytes.length, data.byteSize() - i);
      MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, i, count);
    }
  }

  /** The codes 0x7f and 0xff are NaN in e4m3. */
  private static void withoutNaN(MemorySegment data) {
    for (long i = 0; i < data.byteSize(); i++) {
      byte code = data.get(ValueLayout.JAVA_BYTE, i);
      if ((code & 0x7f) == 0x7f) {
        data.set(ValueLayout.JAVA_BYTE, i, (byte) (code & 0x80));
      }
    }
  }

  private static BlockScales scales(Arena arena, int rows, int cols, int tileRows, int tileCols) {
    int across = Math.ceilDiv(cols, tileCols);
    MemorySegment data = arena.allocate((long) Math.ceilDiv(rows, tileRows) * across);
    data.fill(SMALL_E8M0);
    return new BlockScales(StorageType.F8_E8M0, data, tileRows, tileCols, across);
  }

  /** Bytes in a block where an f16 scale or minimum begins. */
  private static int[] scaleOffsets(StorageType type) {
    return switch (type) {
      case Q4_0, Q5_0, Q8_0, IQ2_XXS, IQ2_XS, IQ3_XXS, IQ4_NL, IQ4_XS -> new int[] {0};
      case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
      case Q2_K -> new int[] {80, 82};
      case Q3_K -> new int[] {108};
      case Q6_K -> new int[] {208};
      default -> new int[0];
    };
  }
}
