package io.hadal.benchmarks.peer;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.BlockKernels;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.foreign.LargePages;
import java.lang.foreign.Arena;
import java.util.List;

/** A way of multiplying stored weights that takes part in comparisons, on one thread. */
public interface Contender {
  /** Name in tables, without spaces. */
  String name();

  /** False when there is no kernel for these weights. */
  boolean supports(StorageType type, int rows, int cols);

  /**
   * Brings weights into the form the kernel wants. This is not timed.
   *
   * @param arena memory that lives as long as the kernel is used
   */
  Kernel prepare(Arena arena, Matrix weights);

  /** A product with prepared weights. */
  @FunctionalInterface
  interface Kernel {
    /**
     * Multiplies; all of it is timed, so also the quantising of activations.
     *
     * @param x activations [tokens, cols]
     * @param y output [tokens, rows]
     */
    void run(float[] x, int tokens, float[] y);
  }

  /** All contenders. */
  static List<Contender> all() {
    return List.of(new Exact(Kernels.get()), new Fast(BlockKernels.get()));
  }

  /** {@link Kernels#matmul}: f32 activations, weights as stored. */
  record Exact(Kernels kernels) implements Contender {
    /** As the worker pool hands out rows; whole matrices would run code compiled for a loop. */
    private static final int CHUNK_ROWS = 128;

    @Override
    public String name() {
      return "exact";
    }

    @Override
    public boolean supports(StorageType type, int rows, int cols) {
      return type.isMatrixWeight();
    }

    @Override
    public Kernel prepare(Arena arena, Matrix weights) {
      int rows = weights.rows();
      return (x, tokens, y) -> {
        for (int from = 0; from < rows; from += CHUNK_ROWS) {
          int to = Math.min(rows, from + CHUNK_ROWS);
          kernels.matmul(weights, from, to, x, 0, weights.cols(), tokens, y, 0, rows);
        }
      };
    }
  }

  /** {@link BlockKernels}: 8-bit activations, packed weights. */
  record Fast(BlockKernels kernels) implements Contender {
    private static final int CHUNK_ROWS = 128;

    @Override
    public String name() {
      return "fast";
    }

    @Override
    public boolean supports(StorageType type, int rows, int cols) {
      return switch (type) {
        case F32, F16, BF16, F8_E4M3 -> false;
        default -> type.isMatrixWeight();
      };
    }

    @Override
    public Kernel prepare(Arena arena, Matrix weights) {
      // Large pages, as the engine has for packed weights.
      PackedMatrix packed =
          PackedMatrix.over(weights, LargePages.allocate(PackedMatrix.bytes(weights), arena));
      packed.pack(weights, 0, packed.groups());
      BlockInput input = new BlockInput();
      int rows = weights.rows();
      int cols = weights.cols();
      return (x, tokens, y) -> {
        // About as many rows as the engine's tasks have.
        int chunk = tokens > 2 ? 3 * kernels.strip() : CHUNK_ROWS;
        kernels.prepare(input, tokens, cols, packed, tokens);
        for (int t = 0; t < tokens; t++) {
          input.quantize(t, x, t * cols);
        }
        for (int from = 0; from < rows; from += chunk) {
          int to = Math.min(rows, from + chunk);
          kernels.multiply(packed, from, to, input, 0, tokens, y, 0, rows);
        }
      };
    }
  }
}
