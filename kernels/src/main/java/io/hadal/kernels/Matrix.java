package io.hadal.kernels;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A weight matrix in its stored form, {@code [rows, cols]} row-major, over memory that somebody
 * else owns (usually a mapped file). A linear layer computes {@code y = W x} with {@code cols}
 * inputs.
 */
public final class Matrix {
  private final StorageType type;
  private final MemorySegment data;
  private final int rows;
  private final int cols;
  private final long rowBytes;
  private final @Nullable BlockScales scales;
  private final int scaleRowOffset;

  private Matrix(
      StorageType type,
      MemorySegment data,
      int rows,
      int cols,
      @Nullable BlockScales scales,
      int scaleRowOffset) {
    this.type = type;
    this.data = data;
    this.rows = rows;
    this.cols = cols;
    this.rowBytes = type.bytes(cols);
    this.scales = scales;
    this.scaleRowOffset = scaleRowOffset;
  }

  /**
   * A matrix whose blocks carry their own scales.
   *
   * @throws IllegalArgumentException when the memory is too short or the columns do not fill whole
   *     blocks
   */
  public static Matrix of(StorageType type, MemorySegment data, int rows, int cols) {
    if (!type.isMatrixWeight() || type == StorageType.F8_E4M3 || type == StorageType.FP4_E2M1) {
      throw new IllegalArgumentException(type + " is no self-contained matrix type");
    }
    return checked(type, data, rows, cols, null);
  }

  /**
   * A matrix of {@link StorageType#F8_E4M3} or {@link StorageType#FP4_E2M1} codes with tile scales.
   */
  public static Matrix scaled(
      StorageType type, MemorySegment data, int rows, int cols, BlockScales scales) {
    if (type != StorageType.F8_E4M3 && type != StorageType.FP4_E2M1) {
      throw new IllegalArgumentException(type + " has no separate scales");
    }
    long tiles = (long) ceilDiv(rows, scales.tileRows()) * scales.tilesPerRow();
    if (scales.tilesPerRow() != ceilDiv(cols, scales.tileCols())
        || scales.data().byteSize() < scales.type().bytes(tiles)) {
      throw new IllegalArgumentException("scales do not cover [" + rows + ", " + cols + "]");
    }
    return checked(type, data, rows, cols, scales);
  }

  private static Matrix checked(
      StorageType type, MemorySegment data, int rows, int cols, @Nullable BlockScales scales) {
    if (rows < 1 || cols < 1) {
      throw new IllegalArgumentException("empty matrix [" + rows + ", " + cols + "]");
    }
    long need = Math.multiplyExact(type.bytes(cols), (long) rows);
    if (data.byteSize() < need) {
      throw new IllegalArgumentException(
          "matrix ["
              + rows
              + ", "
              + cols
              + "] of "
              + type
              + " needs "
              + need
              + " bytes, has "
              + data.byteSize());
    }
    return new Matrix(type, data, rows, cols, scales, 0);
  }

  private static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }

  /** Rows {@code from .. from + count - 1} as a matrix of their own, sharing the memory. */
  public Matrix slice(int from, int count) {
    if (from < 0 || count < 1 || from + count > rows) {
      throw new IndexOutOfBoundsException("rows " + from + " + " + count + " of " + rows);
    }
    return new Matrix(
        type,
        data.asSlice(rowBytes * from, rowBytes * count),
        count,
        cols,
        scales,
        scaleRowOffset + from);
  }

  public StorageType type() {
    return type;
  }

  public MemorySegment data() {
    return data;
  }

  public int rows() {
    return rows;
  }

  public int cols() {
    return cols;
  }

  /** Bytes from one row to the next. */
  public long rowBytes() {
    return rowBytes;
  }

  public @Nullable BlockScales scales() {
    return scales;
  }

  /** Row of the scale grid's matrix that row 0 of this slice is. */
  public int scaleRowOffset() {
    return scaleRowOffset;
  }

  /** Stored bytes including the scales that belong to these rows. */
  public long byteSize() {
    long bytes = rowBytes * rows;
    if (scales != null) {
      bytes += scales.type().bytes((long) ceilDiv(rows, scales.tileRows()) * scales.tilesPerRow());
    }
    return bytes;
  }

  @Override
  public String toString() {
    return type + "[" + rows + ", " + cols + "]";
  }
}
