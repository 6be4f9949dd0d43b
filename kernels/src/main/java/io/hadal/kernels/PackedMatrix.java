package io.hadal.kernels;

import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.packed.Packer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A quantised weight matrix rewritten so that sixteen rows lie side by side ({@code
 * io.hadal.kernels.packed.PackedLayout}): what {@link BlockKernels} read. It needs 1.00 to 1.06
 * times the bytes of the stored form.
 */
public final class PackedMatrix {
  /** Rows that lie side by side: products begin at multiples of it. */
  public static final int GROUP = PackedLayout.GROUP;

  /** Kernels of narrow vectors may read a little past the last scale. */
  private static final int SLACK = 64;

  /** Changes whenever a layout puts anything elsewhere; packed bytes in files name it. */
  public static final int LAYOUT_VERSION = 2;

  private final StorageType type;
  private final PackedLayout layout;
  private final int rows;
  private final int cols;
  private final MemorySegment data;

  private PackedMatrix(
      StorageType type, PackedLayout layout, int rows, int cols, MemorySegment data) {
    this.type = type;
    this.layout = layout;
    this.rows = rows;
    this.cols = cols;
    this.data = data;
  }

  /** True for a matrix that can be packed. */
  public static boolean packable(Matrix w) {
    return PackedLayout.of(w) != null;
  }

  /** Bytes of the packed form of a {@link #packable} matrix. */
  public static long bytes(Matrix w) {
    PackedLayout layout = layout(w);
    return layout.groupBytes(w.cols()) * groups(w.rows()) + SLACK;
  }

  /**
   * An empty packed matrix, whose groups {@link #pack} fills.
   *
   * @throws IllegalArgumentException when the matrix is not {@link #packable}
   */
  public static PackedMatrix allocate(Matrix w, Arena arena) {
    return over(w, arena.allocate(bytes(w), 64));
  }

  /** A packed matrix over memory that holds its groups, or will. */
  public static PackedMatrix over(Matrix w, MemorySegment data) {
    if (data.byteSize() < bytes(w)) {
      throw new IllegalArgumentException(
          w + " needs " + bytes(w) + " packed bytes, has " + data.byteSize());
    }
    return new PackedMatrix(w.type(), layout(w), w.rows(), w.cols(), data);
  }

  private static PackedLayout layout(Matrix w) {
    PackedLayout layout = PackedLayout.of(w);
    if (layout == null) {
      throw new IllegalArgumentException(w + " cannot be packed");
    }
    return layout;
  }

  private static int groups(int rows) {
    return (rows + PackedLayout.GROUP - 1) / PackedLayout.GROUP;
  }

  /** Name of the layout that a {@link #packable} matrix is packed to. */
  public static String layoutName(Matrix w) {
    return layout(w).name();
  }

  /** Bytes of a group of sixteen rows of a {@link #packable} matrix. */
  public static long groupBytes(Matrix w) {
    return layout(w).groupBytes(w.cols());
  }

  /** Packs groups {@code from .. to - 1} of the matrix that this one was made for. */
  public void pack(Matrix w, int from, int to) {
    pack(w, from, to, data.asSlice(layout.groupBytes(cols) * from));
  }

  /** Packs groups {@code from .. to - 1} to the start of {@code out}, whose bytes are zero. */
  public static void pack(Matrix w, int from, int to, MemorySegment out) {
    PackedLayout layout = layout(w);
    Packer packer = new Packer(w, layout);
    long bytes = layout.groupBytes(w.cols());
    for (int g = from; g < to; g++) {
      packer.group(g, out, bytes * (g - from));
    }
  }

  /** Groups of sixteen rows. */
  public int groups() {
    return groups(rows);
  }

  public StorageType type() {
    return type;
  }

  public PackedLayout layout() {
    return layout;
  }

  public int rows() {
    return rows;
  }

  public int cols() {
    return cols;
  }

  public MemorySegment data() {
    return data;
  }

  @Override
  public String toString() {
    return "packed " + type + "[" + rows + ", " + cols + "]";
  }
}
