package io.hadal.model.weights;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import io.hadal.model.engram.EngramTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The tensors of a checkpoint with an adapter's changes; changed matrices are f32 in memory. */
final class AdaptedTensors extends TensorSource {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final TensorSource base;
  private final Adapter adapter;
  private final Set<String> unused;
  // Freed with the last matrix that points into it.
  private final Arena arena = Arena.ofAuto();

  AdaptedTensors(TensorSource base, Adapter adapter) {
    super(base.store());
    this.base = base;
    this.adapter = adapter;
    this.unused = adapter.names();
  }

  @Override
  @Nullable StoredTensor find(String name) {
    return base.find(name);
  }

  @Override
  @Nullable StoredTensor scaleOf(String name) {
    return base.scaleOf(name);
  }

  @Override
  Matrix matrix(String name, int rows, int cols) {
    return adapted(name, base.matrix(name, rows, cols));
  }

  @Override
  Matrix expert(String prefix, int expert, int experts, String part, int rows, int cols) {
    return adapted(
        prefix + "." + expert + "." + part, base.expert(prefix, expert, experts, part, rows, cols));
  }

  @Override
  EngramTable table(String name, EngramTable table) {
    Adapter.TableRows rows = adapter.table(name);
    unused.remove(name);
    if (rows == null) {
      return table;
    }
    if (rows.width() != table.width()) {
      throw wrong(name, "rows of " + rows.width() + " values, not of " + table.width());
    }
    for (int id : rows.places().keySet()) {
      if (id < 0 || id >= table.rows()) {
        throw wrong(name, "row " + id + " of " + table.rows());
      }
    }
    return new AdaptedTable(table, rows);
  }

  /**
   * Fails when the adapter changes a tensor that nobody has asked for.
   *
   * @param concerned names that should have been asked for by now
   */
  void requireUsed(Predicate<String> concerned) {
    for (String name : unused) {
      if (concerned.test(name)) {
        throw wrong(name, "no tensor of this model");
      }
    }
  }

  private Matrix adapted(String name, Matrix stored) {
    LowRank delta = adapter.matrix(name);
    unused.remove(name);
    if (delta == null) {
      return stored;
    }
    if (delta.rows() != stored.rows() || delta.cols() != stored.cols()) {
      throw wrong(
          name,
          "["
              + delta.rows()
              + ", "
              + delta.cols()
              + "], not ["
              + stored.rows()
              + ", "
              + stored.cols()
              + "]");
    }
    int cols = stored.cols();
    float[] row = new float[cols];
    long rowBytes = (long) cols * Float.BYTES;
    MemorySegment data = arena.allocate(rowBytes * stored.rows(), 64);
    for (int r = 0; r < stored.rows(); r++) {
      Kernels.get().dequantize(stored, r, 0, cols, row, 0);
      delta.add(r, row, 0);
      MemorySegment.copy(row, 0, data, FLOAT, r * rowBytes, cols);
    }
    return Matrix.of(StorageType.F32, data, stored.rows(), cols);
  }

  private FormatException wrong(String name, String what) {
    return new FormatException(
        adapter.folder().resolve(Adapter.TENSORS).toString(), name + " is for " + what);
  }
}
