package io.hadal.model.forward;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.BlockKernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.weights.PackedWeights;

/** Linear layers of quantised weights in mode fast: 8-bit activations times packed weights. */
final class BlockLinear {
  static final int GROUP = PackedMatrix.GROUP;

  /** Up to this many tokens kernels take one after the other. */
  static final int FEW = 2;

  final BlockKernels kernels = BlockKernels.get();
  private final PackedWeights weights;
  private final WorkerPool pool;
  private final BlockInput input = new BlockInput();

  BlockLinear(PackedWeights weights, WorkerPool pool) {
    this.weights = weights;
    this.pool = pool;
  }

  boolean handles(Matrix w) {
    return weights.provides(w);
  }

  PackedMatrix packed(Matrix w) {
    return weights.get(w, pool);
  }

  PackedWeights weights() {
    return weights;
  }

  /** {@code y[t] = W x[t]}. */
  void linear(Matrix w, float[] x, int xStride, int tokens, float[] y, int yStride) {
    grouped(w, 1, x, xStride, tokens, y, yStride);
  }

  /** As {@link Compute#grouped}; rows of a group fill whole groups of the packed form. */
  void grouped(Matrix w, int groups, float[] x, int xStride, int tokens, float[] y, int yStride) {
    PackedMatrix p = packed(w);
    int cols = w.cols();
    int rows = w.rows() / groups;
    // Every group's tokens begin a tile of their own.
    int slots = groups == 1 ? tokens : tiles(tokens);
    kernels.prepare(input, groups * slots, cols, p, tokens);
    Compute.parallel(
        pool,
        groups * tokens,
        (task, worker) -> {
          int group = task / tokens;
          int t = task % tokens;
          input.quantize(group * slots + t, x, t * xStride + group * cols);
        });
    int chunk = rowsPerTask(rows, cols, tokens);
    int chunks = (rows + chunk - 1) / chunk;
    Compute.parallel(
        pool,
        groups * chunks,
        (task, worker) -> {
          int group = task / chunks;
          int from = group * rows + task % chunks * chunk;
          int to = Math.min(group * rows + rows, from + chunk);
          int first = group * slots;
          kernels.multiply(p, from, to, input, first, first + tokens, y, 0, yStride);
        });
  }

  /** Tokens rounded up to whole tiles. */
  int tiles(int tokens) {
    int tile = kernels.tile();
    return (tokens + tile - 1) / tile * tile;
  }

  int rowsPerTask(int rows, int cols, int tokens) {
    if ((long) rows * cols * tokens <= Compute.SERIAL_WORK || pool.threads() == 1) {
      return (rows + GROUP - 1) / GROUP * GROUP;
    }
    // Strips are coarse, so there are more tasks of them, for the sake of an even end.
    int tasks = (tokens > FEW ? 8 : 4) * pool.threads();
    int perTask = (rows + tasks - 1) / tasks;
    int strip = kernels.strip();
    int side = kernels.sideBySide();
    int step = tokens > FEW && perTask >= strip / 4 ? strip : perTask >= side / 2 ? side : GROUP;
    return (perTask + step - 1) / step * step;
  }
}
