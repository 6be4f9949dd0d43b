package io.hadal.model.weights;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import io.hadal.model.engram.EngramTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks tensors up by the released names ({@code layers.0.attn.wq_a}, spec 6.2) whatever the file
 * calls them, and checks them against the shape the configuration asks for.
 */
public abstract class TensorSource {
  private static final int[] TILES = {128, 32, 64, 256};

  private final TensorStore store;

  TensorSource(TensorStore store) {
    this.store = store;
  }

  /** The file's tensor for a released name ({@code ....weight} included), or null. */
  abstract @Nullable StoredTensor find(String name);

  /** Scales that belong to the weight of a released name without {@code .weight}, or null. */
  abstract @Nullable StoredTensor scaleOf(String name);

  /**
   * One routed expert's matrix.
   *
   * @param prefix e.g. {@code layers.3.ffn.experts}
   * @param part {@code w1} (gate), {@code w2} (down) or {@code w3} (up)
   */
  abstract Matrix expert(String prefix, int expert, int experts, String part, int rows, int cols);

  TensorStore store() {
    return store;
  }

  /** The n-gram table to use for a stored one, by the released name without {@code .weight}. */
  EngramTable table(String name, EngramTable table) {
    return table;
  }

  boolean has(String name) {
    return find(name) != null;
  }

  StoredTensor get(String name) {
    StoredTensor tensor = find(name);
    if (tensor == null) {
      throw new FormatException(store.source().toString(), "tensor " + name + " is missing");
    }
    return tensor;
  }

  /** The matrix of a linear layer; {@code name} without {@code .weight}. */
  Matrix matrix(String name, int rows, int cols) {
    StoredTensor tensor = find(name + ".weight");
    return matrixOf(tensor == null ? get(name) : tensor, scaleOf(name), rows, cols);
  }

  @Nullable Matrix matrixIfPresent(String name, int rows, int cols) {
    return has(name + ".weight") || has(name) ? matrix(name, rows, cols) : null;
  }

  Matrix matrixOf(StoredTensor tensor, @Nullable StoredTensor scale, int rows, int cols) {
    boolean packed = tensor.type() == StorageType.I8 || tensor.type() == StorageType.U8;
    requireShape(tensor, rows, packed ? cols / 2 : cols);
    try {
      if (packed) {
        StoredTensor s = requireScale(tensor, scale);
        requireShape(s, rows, ceilDiv(cols, 32));
        return Matrix.scaled(
            StorageType.FP4_E2M1,
            tensor.data(),
            rows,
            cols,
            new BlockScales(scaleType(s), s.data(), 1, 32, ceilDiv(cols, 32)));
      }
      if (tensor.type() == StorageType.F8_E4M3) {
        StoredTensor s = requireScale(tensor, scale);
        int tile = tile(s, rows, cols);
        return Matrix.scaled(
            StorageType.F8_E4M3,
            tensor.data(),
            rows,
            cols,
            new BlockScales(scaleType(s), s.data(), tile, tile, ceilDiv(cols, tile)));
      }
      return Matrix.of(tensor.type(), tensor.data(), rows, cols);
    } catch (IllegalArgumentException e) {
      throw error(tensor, e.getMessage() + "");
    }
  }

  private StoredTensor requireScale(StoredTensor tensor, @Nullable StoredTensor scale) {
    if (scale == null) {
      throw error(tensor, "is stored as " + tensor.type() + " but its scale tensor is missing");
    }
    return scale;
  }

  private StorageType scaleType(StoredTensor scale) {
    return switch (scale.type()) {
      case F8_E8M0, U8 -> StorageType.F8_E8M0;
      case F32 -> StorageType.F32;
      default -> throw error(scale, "has scales of type " + scale.type());
    };
  }

  private int tile(StoredTensor scale, int rows, int cols) {
    for (int tile : TILES) {
      if (matches(scale.shape(), ceilDiv(rows, tile), ceilDiv(cols, tile))) {
        return tile;
      }
    }
    throw error(
        scale, "has shape " + scale.shape() + ", no tiling of [" + rows + ", " + cols + "]");
  }

  /** A parameter vector as f32; leading dimensions are flattened. */
  float[] vector(String name, long values) {
    StoredTensor tensor = get(name);
    if (tensor.elements() != values) {
      throw error(
          tensor,
          "has shape " + tensor.shape() + ", the configuration asks for " + values + " values");
    }
    int count = Math.toIntExact(values);
    int width = Math.toIntExact(tensor.shape().isEmpty() ? 1 : tensor.shape().getLast());
    int rows = count / width;
    float[] out = new float[count];
    try {
      Matrix m = Matrix.of(tensor.type(), tensor.data(), rows, width);
      for (int r = 0; r < rows; r++) {
        Kernels.get().dequantize(m, r, 0, width, out, r * width);
      }
    } catch (IllegalArgumentException e) {
      throw error(tensor, e.getMessage() + "");
    }
    return out;
  }

  /** Whole numbers below {@code limit}. */
  int[] indices(String name, int rows, int cols, int limit) {
    StoredTensor tensor = get(name);
    requireShape(tensor, rows, cols);
    int n = Math.multiplyExact(rows, cols);
    int[] out = new int[n];
    MemorySegment data = tensor.data();
    for (int i = 0; i < n; i++) {
      long v =
          switch (tensor.type()) {
            case I64 -> data.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
            case I32 -> data.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
            default -> throw error(tensor, "must be I64 or I32, is " + tensor.type());
          };
      if (v < 0 || v >= limit) {
        throw error(tensor, "holds " + v + ", outside 0.." + (limit - 1));
      }
      out[i] = (int) v;
    }
    return out;
  }

  void requireShape(StoredTensor tensor, long rows, long cols) {
    if (!matches(tensor.shape(), rows, cols)) {
      throw error(
          tensor,
          "has shape "
              + tensor.shape()
              + ", the configuration asks for ["
              + rows
              + ", "
              + cols
              + "]");
    }
  }

  private static boolean matches(List<Long> shape, long rows, long cols) {
    return shape.equals(List.of(rows, cols)) || (rows == 1 && shape.equals(List.of(cols)));
  }

  FormatException error(StoredTensor tensor, String message) {
    return new FormatException(
        store.source().toString(), "tensor " + tensor.name() + " " + message);
  }

  static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }
}
