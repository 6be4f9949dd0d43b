package io.hadal.model.weights;

import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.engram.EngramTable;
import io.hadal.model.engram.MappedTable;
import io.hadal.model.engram.TableLayout;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a checkpoint as f32 by their released names, whatever container, spelling and type
 * it stores them in. Every method fails with a {@link io.hadal.formats.FormatException} for a
 * tensor that is missing or has another shape.
 */
public final class WeightReader {
  private static final Pattern EXPERT =
      Pattern.compile("((layers|mtp)\\.([0-9]+)\\.ffn\\.experts)\\.([0-9]+)\\.(w[123])");
  private static final String WEIGHT = ".weight";
  private static final int ROWS = 1024;

  private final ModelConfig config;
  private final TensorSource tensors;

  private WeightReader(ModelConfig config, TensorSource tensors) {
    this.config = config;
    this.tensors = tensors;
  }

  /**
   * Reads from an open checkpoint.
   *
   * @param adapter changes to apply; null for none
   */
  public static WeightReader of(ModelConfig config, TensorStore store, @Nullable Adapter adapter) {
    return new WeightReader(config, WeightBinder.source(config, store, adapter));
  }

  /** Whether there is a tensor that is no part of another. */
  public boolean has(String name) {
    return tensors.has(name);
  }

  /** A matrix {@code [rows, cols]}; experts have a matrix each. */
  public void matrix(String name, int rows, int cols, float[] out) {
    Matrix stored = matrix(base(name), rows, cols);
    for (int r = 0; r < rows; r++) {
      Kernels.get().dequantize(stored, r, 0, cols, out, r * cols);
    }
  }

  private Matrix matrix(String name, int rows, int cols) {
    Matcher expert = EXPERT.matcher(name);
    if (!expert.matches()) {
      return tensors.matrix(name, rows, cols);
    }
    List<LayerConfig> layers =
        expert.group(2).equals("mtp") ? config.draftLayers() : config.layers();
    int experts = layers.get(Integer.parseInt(expert.group(3))).moe().experts();
    return tensors.expert(
        expert.group(1), Integer.parseInt(expert.group(4)), experts, expert.group(5), rows, cols);
  }

  /** A vector or the flattened values of a tensor that is none. */
  public float[] vector(String name, int values) {
    return tensors.vector(name, values);
  }

  /** Whole numbers {@code [rows, cols]} below a limit. */
  public int[] indices(String name, int rows, int cols, int limit) {
    return tensors.indices(name, rows, cols, limit);
  }

  /** An n-gram table {@code [rows, width]}. */
  public void table(String name, int rows, int width, float[] out) {
    StoredTensor codes = tensors.get(name);
    StoredTensor scales = tensors.scaleOf(base(name));
    TableLayout layout =
        TableLayout.of(
            tensors.store(),
            codes.name(),
            scales == null ? codes.name() + ".scale" : scales.name(),
            rows,
            width);
    try (EngramTable table = tensors.table(base(name), new MappedTable(layout))) {
      int[] ids = new int[ROWS];
      float[] values = new float[ROWS * width];
      for (int from = 0; from < rows; from += ROWS) {
        int n = Math.min(ROWS, rows - from);
        for (int i = 0; i < n; i++) {
          ids[i] = from + i;
        }
        table.read(ids, 0, n, values);
        System.arraycopy(values, 0, out, from * width, n * width);
      }
    }
  }

  private static String base(String name) {
    return name.endsWith(WEIGHT) ? name.substring(0, name.length() - WEIGHT.length()) : name;
  }
}
