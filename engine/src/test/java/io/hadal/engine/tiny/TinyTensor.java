package io.hadal.engine.tiny;

import io.hadal.kernels.Bf16;
import io.hadal.kernels.E8M0;
import io.hadal.kernels.Fp4;
import io.hadal.kernels.Fp8;
import java.util.SplittableRandom;

/**
 * One random parameter under its released name, rounded to what its storage can hold.
 *
 * @param values numbers after rounding, {@code [rows, cols]}
 * @param codes FP8 codes or packed FP4 pairs; empty for plain storage
 * @param scales one E8M0 byte a tile; empty for plain storage
 * @param tilesPerRow tiles side by side
 */
public record TinyTensor(
    Kind kind, int rows, int cols, float[] values, byte[] codes, byte[] scales, int tilesPerRow) {

  /** How a release stores it. */
  public enum Kind {
    /** FP8 with square tiles. */
    LINEAR,
    /** FP4 with one scale per row and 32 columns. */
    EXPERT,
    /** FP8 with one scale per row and 32 columns. */
    ENGRAM,
    /** BF16. */
    PLAIN,
    /** F32. */
    FLOAT,
    /** Expert ids. */
    TABLE
  }

  static TinyTensor plain(Kind kind, int rows, int cols, float[] values, boolean bf16) {
    if (bf16 && kind != Kind.FLOAT && kind != Kind.TABLE) {
      for (int i = 0; i < values.length; i++) {
        values[i] = Bf16.round(values[i]);
      }
    }
    return new TinyTensor(kind, rows, cols, values, new byte[0], new byte[0], 0);
  }

  static TinyTensor fp8(int rows, int cols, int tile, float[] values, SplittableRandom random) {
    return fp8(Kind.LINEAR, rows, cols, tile, tile, 9, values, random);
  }

  static TinyTensor fp8Rows(int rows, int cols, float[] values, SplittableRandom random) {
    return fp8(Kind.ENGRAM, rows, cols, 1, 32, 6, values, random);
  }

  private static TinyTensor fp8(
      Kind kind,
      int rows,
      int cols,
      int tileRows,
      int tileCols,
      int shift,
      float[] values,
      SplittableRandom random) {
    int tilesPerRow = (cols + tileCols - 1) / tileCols;
    byte[] scales = new byte[(rows + tileRows - 1) / tileRows * tilesPerRow];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = (byte) (127 - shift - random.nextInt(3));
    }
    byte[] codes = new byte[rows * cols];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        float scale = E8M0.decode(scales[r / tileRows * tilesPerRow + c / tileCols]);
        int i = r * cols + c;
        codes[i] = Fp8.encode(values[i] / scale);
        values[i] = Fp8.decode(codes[i]) * scale;
      }
    }
    return new TinyTensor(kind, rows, cols, values, codes, scales, tilesPerRow);
  }

  static TinyTensor fp4(int rows, int cols, float[] values, SplittableRandom random) {
    int tilesPerRow = (cols + 31) / 32;
    byte[] scales = new byte[rows * tilesPerRow];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = (byte) (127 - 4 - random.nextInt(2));
    }
    byte[] codes = new byte[rows * cols / 2];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        float scale = E8M0.decode(scales[r * tilesPerRow + c / 32]);
        int i = r * cols + c;
        int code = Fp4.encode(values[i] / scale);
        values[i] = Fp4.decode(code) * scale;
        codes[i / 2] |= (byte) (code << 4 * (i & 1));
      }
    }
    return new TinyTensor(Kind.EXPERT, rows, cols, values, codes, scales, tilesPerRow);
  }
}
