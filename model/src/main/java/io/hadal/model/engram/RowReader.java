package io.hadal.model.engram;

import io.hadal.formats.FormatException;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;

/** Decodes stored rows and refuses those that hold no numbers. */
final class RowReader {
  private static final int EXPONENT = 0x7f800000;

  private final Kernels kernels = Kernels.get();
  private final String table;
  private final int width;

  RowReader(String table, int width) {
    this.table = table;
    this.width = width;
  }

  /**
   * Decodes a row.
   *
   * @param row row of the matrix
   * @param tableRow the same row's id, for messages
   */
  void decode(Matrix matrix, int row, int tableRow, float[] out, int outOffset) {
    kernels.dequantize(matrix, row, 0, width, out, outOffset);
    int largest = 0;
    for (int i = outOffset; i < outOffset + width; i++) {
      largest = Math.max(largest, Float.floatToRawIntBits(out[i]) & EXPONENT);
    }
    if (largest == EXPONENT) {
      throw new FormatException(
          table,
          "row "
              + tableRow
              + " of the Engram table holds a value that is no finite number (such as the scale"
              + " 0xFF); the file is damaged, fetch it again");
    }
  }
}
