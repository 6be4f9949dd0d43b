package io.hadal.model.packed;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.PackedMatrix;

/**
 * One matrix in a side file.
 *
 * @param name released name without {@code .weight}
 * @param layout name of the packed layout
 * @param offset of its first byte in the file, a multiple of {@link PackedHeader#ALIGN}
 * @param bytes of the packed form
 * @param crc CRC32C of these bytes; without meaning while {@link #packed} is false
 * @param packed false as long as the bytes are not there
 */
record PackedEntry(
    String name,
    String layout,
    int rows,
    int cols,
    long offset,
    long bytes,
    int crc,
    boolean packed) {

  static PackedEntry of(String name, Matrix w, long offset) {
    return new PackedEntry(
        name,
        PackedMatrix.layoutName(w),
        w.rows(),
        w.cols(),
        offset,
        PackedMatrix.bytes(w),
        0,
        false);
  }

  PackedEntry done(int newCrc) {
    return new PackedEntry(name, layout, rows, cols, offset, bytes, newCrc, true);
  }

  /** True when this is the packed form of such a matrix. */
  boolean fits(Matrix w) {
    return rows == w.rows()
        && cols == w.cols()
        && layout.equals(PackedMatrix.layoutName(w))
        && bytes == PackedMatrix.bytes(w);
  }

  /** The same entry, packed or not. */
  boolean samePlace(PackedEntry o) {
    return name.equals(o.name)
        && layout.equals(o.layout)
        && rows == o.rows
        && cols == o.cols
        && offset == o.offset
        && bytes == o.bytes;
  }
}
