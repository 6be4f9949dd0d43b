package io.hadal.model.weights;

import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/** Reads matrices in groups of rows and stores each group anew, on all processors. */
final class RowConversion implements AutoCloseable {
  /** Rows that are in memory at once, unless groups are larger. */
  private static final int ROWS = 512;

  private static final int TASKS_PER_THREAD = 4;

  private final WorkerPool pool = new WorkerPool(Runtime.getRuntime().availableProcessors());

  /** Stores a group of rows; {@code x} holds {@code rows * cols} values. */
  @FunctionalInterface
  interface Encoder {
    void encode(float[] x, int rows, MemorySegment codes, MemorySegment scales);
  }

  /**
   * Converts a matrix from top to bottom.
   *
   * @param group rows that are stored together
   * @param codeBytes bytes of a row's codes
   * @param scaleBytes bytes of the scales of a group, 0 when there are none
   */
  void run(
      Matrix matrix,
      int group,
      long codeBytes,
      long scaleBytes,
      Encoder encoder,
      Consumer<MemorySegment> codes,
      Consumer<MemorySegment> scales) {
    int cols = matrix.cols();
    int groups = Math.max(1, ROWS / group);
    float[][] values = new float[pool.threads()][group * cols];
    try (Arena arena = Arena.ofShared()) {
      MemorySegment codeBuffer = arena.allocate(groups * group * codeBytes, 8);
      MemorySegment scaleBuffer = arena.allocate(Math.max(1, groups * scaleBytes), 8);
      for (int from = 0; from < matrix.rows(); from += groups * group) {
        int first = from;
        int rows = Math.min(groups * group, matrix.rows() - from);
        int count = (rows + group - 1) / group;
        int tasks = Math.min(count, TASKS_PER_THREAD * pool.threads());
        pool.run(
            tasks,
            (task, worker) -> {
              float[] x = values[worker];
              for (int g = task * count / tasks; g < (task + 1) * count / tasks; g++) {
                int size = Math.min(group, rows - g * group);
                for (int r = 0; r < size; r++) {
                  Kernels.get().dequantize(matrix, first + g * group + r, 0, cols, x, r * cols);
                }
                encoder.encode(
                    x,
                    size,
                    codeBuffer.asSlice(g * group * codeBytes, size * codeBytes),
                    scaleBuffer.asSlice(g * scaleBytes, scaleBytes));
              }
            });
        codes.accept(codeBuffer.asSlice(0, rows * codeBytes));
        if (scaleBytes > 0) {
          scales.accept(scaleBuffer.asSlice(0, count * scaleBytes));
        }
      }
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
