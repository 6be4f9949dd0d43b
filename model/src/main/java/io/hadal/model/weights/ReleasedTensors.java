package io.hadal.model.weights;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import io.hadal.model.engram.TableLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All tensors of a checkpoint under their released names, one entry per expert's matrix, however
 * its file names and stacks them.
 */
final class ReleasedTensors {
  static final String WEIGHT = ".weight";
  static final String SCALE = ".scale";
  private static final List<String> SCALES = List.of(SCALE, ".weight_scale_inv", ".weight.scale");
  private static final String STACKED = ".ffn.experts.w";
  private static final int TABLE_TILE = 32;

  private final TensorSource source;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  /**
   * A tensor, or the part of one that is an expert's.
   *
   * @param name released name
   * @param scale codes' scales where they lie in another tensor
   */
  record Entry(String name, StoredTensor tensor, @Nullable StoredTensor scale) {
    /** Two FP4 codes a byte. */
    boolean isPacked() {
      return isBytes() && scale != null;
    }

    /** Rows of a table with codes and scales, which a format holds as plain bytes. */
    boolean isBytes() {
      return tensor.type() == StorageType.I8 || tensor.type() == StorageType.U8;
    }

    boolean isMatrix() {
      return tensor.shape().size() == 2 && (tensor.type().isMatrixWeight() || isPacked());
    }

    boolean isTable() {
      return TableLayout.isTable(name);
    }

    /** Shape in numbers. */
    List<Long> values() {
      List<Long> shape = new ArrayList<>(tensor.shape());
      if (isPacked()) {
        shape.add(2 * shape.removeLast());
      }
      return shape;
    }

    int rows() {
      return Math.toIntExact(values().getFirst());
    }

    int cols() {
      return Math.toIntExact(values().getLast());
    }

    /** Name without {@code .weight}. */
    String base() {
      return ReleasedTensors.base(name);
    }
  }

  private ReleasedTensors(TensorSource source) {
    this.source = source;
  }

  /**
   * Lists a store's tensors.
   *
   * @throws FormatException for a GGUF file with tensors that Hadal does not write, or safetensors
   *     with the names of the transformers library
   */
  static ReleasedTensors of(TensorStore store) {
    if (store instanceof Gguf) {
      ReleasedTensors all = new ReleasedTensors(new GgufTensors(store, 0));
      store.names().forEach(name -> all.addGguf(store.get(name)));
      return all;
    }
    if (store.find("embed.weight") == null) {
      throw new FormatException(
          store.source().toString(),
          "has no tensor embed.weight; only checkpoints with the released names of tensors can be"
              + " exported");
    }
    ReleasedTensors all = new ReleasedTensors(new HfTensors(store));
    for (String name : store.names()) {
      if (SCALES.stream().noneMatch(name::endsWith)) {
        StoredTensor tensor = store.get(name);
        all.add(new Entry(name, tensor, all.source.scaleOf(base(name))));
      }
    }
    return all;
  }

  private static String base(String name) {
    return name.endsWith(WEIGHT) ? name.substring(0, name.length() - WEIGHT.length()) : name;
  }

  private void addGguf(StoredTensor tensor) {
    String name = GgufTensors.released(tensor.name());
    if (name == null) {
      throw new FormatException(
          source.store().source().toString(),
          "tensor " + tensor.name() + " is none of a model that Hadal has exported");
    }
    int part = name.indexOf(STACKED);
    if (part < 0) {
      add(new Entry(name, tensor, null));
      return;
    }
    String experts = name.substring(0, part + STACKED.length() - 2);
    List<Long> shape = tensor.shape().subList(1, tensor.shape().size());
    long count = tensor.shape().getFirst();
    long bytes = tensor.data().byteSize() / count;
    for (int e = 0; e < count; e++) {
      String own = experts + "." + e + name.substring(part + STACKED.length() - 2) + WEIGHT;
      MemorySegment data = tensor.data().asSlice(e * bytes, bytes);
      add(new Entry(own, new StoredTensor(own, tensor.type(), shape, data), null));
    }
  }

  private void add(Entry entry) {
    if (entries.put(entry.name(), entry) != null) {
      throw new FormatException(
          source.store().source().toString(), "has two tensors for " + entry.name());
    }
  }

  Collection<Entry> all() {
    return entries.values();
  }

  @Nullable Entry find(String name) {
    return entries.get(name);
  }

  /** A matrix with its scales. */
  Matrix matrix(Entry entry) {
    StoredTensor tensor = entry.tensor();
    StoredTensor scale = entry.scale();
    if (scale != null
        && tensor.type() == StorageType.F8_E4M3
        && entry.isTable()
        && scale.shape().equals(List.of((long) entry.rows(), tableScales(entry.cols())))) {
      BlockScales scales =
          new BlockScales(
              StorageType.F8_E8M0,
              scale.data(),
              1,
              TABLE_TILE,
              Math.toIntExact(tableScales(entry.cols())));
      return Matrix.scaled(tensor.type(), tensor.data(), entry.rows(), entry.cols(), scales);
    }
    return source.matrixOf(tensor, scale, entry.rows(), entry.cols());
  }

  private static long tableScales(int cols) {
    return (cols + TABLE_TILE - 1) / TABLE_TILE;
  }
}
