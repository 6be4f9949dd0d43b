package io.hadal.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random stored matrices with scales of sane size. */
final class MatrixFixtures {
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private MatrixFixtures() {}

  static List<StorageType> weightTypes() {
    List<StorageType> types = new ArrayList<>();
    for (StorageType type : StorageType.values()) {
      if (type.isMatrixWeight()) {
        types.add(type);
      }
    }
    return types;
  }

  /** Rounds columns up to whole blocks. */
  static int wholeBlocks(StorageType type, int cols) {
    int block = type.blockElements();
    return (cols + block - 1) / block * block;
  }

  static Matrix random(StorageType type, int rows, int cols, Random random) {
    byte[] bytes = new byte[(int) (type.bytes(cols) * rows)];
    random.nextBytes(bytes);
    MemorySegment data = MemorySegment.ofArray(bytes);
    switch (type) {
      case F32 -> {
        for (int i = 0; i < rows * cols; i++) {
          data.set(
              ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
              4L * i,
              (float) random.nextGaussian());
        }
      }
      case BF16 -> {
        for (int i = 0; i < rows * cols; i++) {
          data.set(SHORT, 2L * i, Bf16.encode((float) random.nextGaussian()));
        }
      }
      case F16 -> {
        for (int i = 0; i < rows * cols; i++) {
          // Every exponent but that of infinity, subnormals included.
          short bits = (short) random.nextInt();
          data.set(SHORT, 2L * i, (bits & 0x7c00) == 0x7c00 ? (short) (bits ^ 0x4000) : bits);
        }
      }
      case F8_E4M3 -> {
        for (int i = 0; i < bytes.length; i++) {
          if ((bytes[i] & 0x7f) == 0x7f) {
            bytes[i] ^= 1;
          }
        }
        return scaled(type, data, rows, cols, random);
      }
      case FP4_E2M1 -> {
        return scaled(type, data, rows, cols, random);
      }
      case MXFP4 -> {
        for (int i = 0; i < bytes.length; i += 17) {
          bytes[i] = (byte) (118 + random.nextInt(12));
        }
      }
      default -> {
        for (int at = 0; at < bytes.length; at += type.blockBytes()) {
          for (int field : halfFields(type)) {
            float scale = (0.5f + random.nextFloat()) * 0.01f * (random.nextBoolean() ? 1 : -1);
            data.set(SHORT, at + field, Float.floatToFloat16(scale));
          }
        }
      }
    }
    return Matrix.of(type, data, rows, cols);
  }

  private static Matrix scaled(
      StorageType type, MemorySegment data, int rows, int cols, Random random) {
    boolean powers = random.nextBoolean();
    int tileRows = type == StorageType.FP4_E2M1 ? 1 : 1 + random.nextInt(40);
    // Official tiles are 128 or 32 wide; others must work too.
    int[] official = {16, 32, 128};
    int tileCols =
        type == StorageType.FP4_E2M1
            ? 32
            : random.nextBoolean() ? official[random.nextInt(3)] : 1 + random.nextInt(140);
    int perRow = (cols + tileCols - 1) / tileCols;
    int tiles = (rows + tileRows - 1) / tileRows * perRow;
    MemorySegment scales = MemorySegment.ofArray(new byte[powers ? tiles : 4 * tiles]);
    for (int i = 0; i < tiles; i++) {
      if (powers) {
        scales.set(ValueLayout.JAVA_BYTE, i, (byte) (118 + random.nextInt(12)));
      } else {
        scales.set(
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
            4L * i,
            random.nextFloat() * 0.1f);
      }
    }
    StorageType scaleType = powers ? StorageType.F8_E8M0 : StorageType.F32;
    return Matrix.scaled(
        type, data, rows, cols, new BlockScales(scaleType, scales, tileRows, tileCols, perRow));
  }

  private static int[] halfFields(StorageType type) {
    return switch (type) {
      case Q2_K -> new int[] {80, 82};
      case Q3_K -> new int[] {108};
      case Q6_K -> new int[] {208};
      case Q4_K, Q5_K, Q4_1, Q5_1 -> new int[] {0, 2};
      default -> new int[] {0};
    };
  }
}
