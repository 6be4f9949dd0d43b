package io.hadal.model.synthetic;

import io.hadal.kernels.StorageType;

/**
 * A tensor to be made up.
 *
 * @param name released name; of stacked experts {@code layers.N.ffn.experts.w1}
 * @param copies experts of a stack; 0 for a tensor on its own
 * @param rows rows of a matrix; 0 for a vector
 * @param content what the numbers are
 */
record SyntheticTensor(
    String name, StorageType type, int copies, int rows, int cols, Content content) {
  /** What the numbers of a tensor are. */
  sealed interface Content {}

  /** Numbers around zero. */
  record Weights(double deviation) implements Content {}

  /** Numbers of {@code centre - spread .. centre + spread}. */
  record Around(float centre, float spread) implements Content {}

  /** Distinct numbers below {@code limit} in every row. */
  record Choices(int limit) implements Content {}

  static SyntheticTensor vector(
      String name, StorageType type, int values, double centre, double spread) {
    return new SyntheticTensor(
        name, type, 0, 0, values, new Around((float) centre, (float) spread));
  }

  static SyntheticTensor matrix(String name, StorageType type, int rows, int cols) {
    return matrix(name, type, rows, cols, 1 / Math.sqrt(cols));
  }

  static SyntheticTensor matrix(
      String name, StorageType type, int rows, int cols, double deviation) {
    return new SyntheticTensor(name, type, 0, rows, cols, new Weights(deviation));
  }

  static SyntheticTensor stack(String name, StorageType type, int copies, int rows, int cols) {
    return new SyntheticTensor(name, type, copies, rows, cols, new Weights(1 / Math.sqrt(cols)));
  }

  /** Rows of all copies. */
  long allRows() {
    return (long) Math.max(1, rows) * Math.max(1, copies);
  }
}
