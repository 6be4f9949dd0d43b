package io.hadal.model.forward;

import io.hadal.kernels.AttentionKernels;
import io.hadal.kernels.Bf16;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.Probe;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.NumericMode;
import io.hadal.model.weights.PackedWeights;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Linear layers over the worker pool, with the roundings of the numeric mode. */
final class Compute {
  /** Below this many multiply-adds a region costs more than it gives. */
  static final long SERIAL_WORK = 1 << 15;

  private static final int TILE_ROWS = 4;

  /** Tasks of a region for each thread, for the sake of an even end. */
  private static final int TASKS = 4;

  /** Rows of a task from which on it may well read all inputs. */
  private static final int SHARED_ROWS = 32;

  /** Tokens that are worth decoding rows for. */
  private static final int SHARED_TOKENS = 32;

  final Kernels kernels = Kernels.get();
  final AttentionKernels attention = AttentionKernels.get();
  final WorkerPool pool;
  final NumericMode mode;
  final @Nullable Probe probe;

  /** True when key-value rows are rounded as the caches of the releases store them. */
  final boolean roundsRows;

  /** Packed weights, in mode fast. */
  final @Nullable BlockLinear blocks;

  private final int activationBlock;
  private final boolean sumsInBf16;
  private final float[][] decoded;
  private float[] quantized = new float[0];

  Compute(
      ModelConfig config,
      PackedWeights packed,
      WorkerPool pool,
      NumericMode mode,
      @Nullable Probe probe) {
    this.pool = pool;
    this.blocks = mode == NumericMode.FAST ? new BlockLinear(packed, pool) : null;
    this.decoded = perWorker(pool);
    this.sumsInBf16 = config.activations().sumsInBf16();
    this.mode = mode;
    this.roundsRows = roundsRows(mode, config);
    this.activationBlock = config.activations().block();
    this.probe = probe;
  }

  static boolean roundsRows(NumericMode mode, ModelConfig config) {
    return mode.roundsCaches() || (mode == NumericMode.FAST && config.quantisedCache());
  }

  /** A released bf16, FP8 or FP4 linear layer (spec 0.4): {@code y[t] = W x[t]}. */
  void linear(Matrix w, float[] x, int xStride, int tokens, float[] y, int yStride) {
    if (blocks != null && blocks.handles(w)) {
      blocks.linear(w, x, xStride, tokens, y, yStride);
      return;
    }
    float[] in = activations(w, x, xStride, tokens);
    if (sumsInBf16 && quantizesInput(w)) {
      parallel(
          w.rows(),
          (r, worker) -> blockwise(w, r, r + 1, in, 0, xStride, tokens, y, 0, yStride, worker));
      return;
    }
    matmul(w, in, xStride, tokens, y, yStride);
    round(y, tokens, w.rows(), yStride);
  }

  /**
   * Rows of a linear layer as {@link Kernels#matmul} computes them, or with the running sum rounded
   * to bf16 behind every block of quantised activations where the reference keeps it so.
   */
  void rows(
      Matrix w,
      int from,
      int to,
      float[] x,
      int xOffset,
      int xStride,
      int tokens,
      float[] y,
      int yOffset,
      int yStride,
      int worker) {
    if (sumsInBf16 && quantizesInput(w)) {
      blockwise(w, from, to, x, xOffset, xStride, tokens, y, yOffset, yStride, worker);
    } else {
      kernels.matmul(w, from, to, x, xOffset, xStride, tokens, y, yOffset, yStride);
    }
  }

  private void blockwise(
      Matrix w,
      int from,
      int to,
      float[] x,
      int xOffset,
      int xStride,
      int tokens,
      float[] y,
      int yOffset,
      int yStride,
      int worker) {
    int cols = w.cols();
    decoded[worker] = grow(decoded[worker], cols);
    float[] row = decoded[worker];
    for (int r = from; r < to; r++) {
      kernels.dequantize(w, r, 0, cols, row, 0);
      for (int t = 0; t < tokens; t++) {
        float sum = 0;
        for (int k = 0; k < cols; k += activationBlock) {
          int n = Math.min(activationBlock, cols - k);
          sum = Bf16.round(sum + kernels.dot(row, k, x, xOffset + t * xStride + k, n));
        }
        y[yOffset + t * yStride + r] = sum;
      }
    }
  }

  /** Logits: as {@link #matmul}, from packed weights in mode fast. */
  void head(Matrix w, float[] x, int xStride, int tokens, float[] y, int yStride) {
    if (blocks != null && blocks.handles(w)) {
      blocks.linear(w, x, xStride, tokens, y, yStride);
    } else {
      matmul(w, x, xStride, tokens, y, yStride);
    }
  }

  /**
   * An f32 layer: router, compressor, mHC, head. Tasks of a few rows would each read all inputs
   * again; those of a chunk of tokens share them out instead.
   */
  void matmul(Matrix w, float[] x, int xStride, int tokens, float[] y, int yStride) {
    int rows = w.rows();
    int perTask = rowsPerTask(rows, w.cols(), tokens);
    boolean byTokens = perTask < rows && perTask < SHARED_ROWS && tokens >= 2 * SHARED_TOKENS;
    int chunk = byTokens ? Math.min(rows, 2 * SHARED_ROWS) : perTask;
    int chunks = (rows + chunk - 1) / chunk;
    int parts =
        byTokens ? Math.min(tokens / SHARED_TOKENS, (TASKS * pool.threads() - 1) / chunks + 1) : 1;
    parallel(
        chunks * parts,
        (task, worker) -> {
          int from = task / parts * chunk;
          int to = Math.min(rows, from + chunk);
          int part = task % parts;
          int first = tokens * part / parts;
          int count = tokens * (part + 1) / parts - first;
          kernels.matmul(
              w, from, to, x, first * xStride, xStride, count, y, first * yStride, yStride);
        });
  }

  /**
   * Block-diagonal layer: group g of the output sees group g of the input only (spec 3.5).
   *
   * @param groups number of equal row groups of {@code w}
   */
  void grouped(Matrix w, int groups, float[] x, int xStride, int tokens, float[] y, int yStride) {
    int rows = w.rows() / groups;
    if (blocks != null && blocks.handles(w) && rows % BlockLinear.GROUP == 0) {
      blocks.grouped(w, groups, x, xStride, tokens, y, yStride);
      return;
    }
    int chunk = rowsPerTask(rows, w.cols(), tokens);
    int chunks = (rows + chunk - 1) / chunk;
    parallel(
        groups * chunks,
        (task, worker) -> {
          int group = task / chunks;
          int from = task % chunks * chunk;
          int to = Math.min(rows, from + chunk);
          int row = group * rows;
          kernels.matmul(
              w, row + from, row + to, x, group * w.cols(), xStride, tokens, y, 0, yStride);
        });
    round(y, tokens, w.rows(), yStride);
  }

  /** The input that a matrix of this storage sees: rounded to FP8 blocks in official mode. */
  float[] activations(Matrix w, float[] x, int xStride, int tokens) {
    if (!quantizesInput(w)) {
      return x;
    }
    quantized = grow(quantized, tokens * xStride);
    float[] q = quantized;
    forRows(
        tokens,
        (t, worker) -> {
          System.arraycopy(x, t * xStride, q, t * xStride, w.cols());
          quantizeActivations(q, t * xStride, w.cols());
        });
    return q;
  }

  boolean quantizesInput(Matrix w) {
    return mode.roundsActivations()
        && (w.type() == StorageType.F8_E4M3 || w.type() == StorageType.FP4_E2M1);
  }

  void quantizeActivations(float[] x, int offset, int n) {
    attention.roundFp8(x, offset, n, activationBlock);
  }

  /** bf16 rounding of an activation, in official mode. */
  void round(float[] x, int offset, int n) {
    if (mode.roundsActivations()) {
      kernels.roundBf16(x, offset, n);
    }
  }

  void round(float[] x, int rows, int width, int stride) {
    if (mode.roundsActivations()) {
      for (int r = 0; r < rows; r++) {
        kernels.roundBf16(x, r * stride, width);
      }
    }
  }

  /** RMS norm of every row with the mode's rounding. */
  void norm(float[] x, int rows, int width, float[] weight, float eps, float[] out) {
    forRows(
        rows,
        (t, worker) -> {
          kernels.rmsNorm(x, t * width, width, weight, eps, out, t * width);
          round(out, t * width, width);
        });
  }

  /** Runs one task per row; inline when there is only one. */
  void forRows(int rows, WorkerPool.Task task) {
    parallel(rows, task);
  }

  void parallel(int tasks, WorkerPool.Task task) {
    parallel(pool, tasks, task);
  }

  static void parallel(WorkerPool pool, int tasks, WorkerPool.Task task) {
    if (tasks == 1) {
      task.run(0, 0);
    } else if (tasks > 1) {
      pool.run(tasks, task);
    }
  }

  int rowsPerTask(int rows, int cols, int tokens) {
    if ((long) rows * cols * tokens <= SERIAL_WORK || pool.threads() == 1) {
      return rows;
    }
    int perTask = (rows + TASKS * pool.threads() - 1) / (TASKS * pool.threads());
    return Math.max(TILE_ROWS, (perTask + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS);
  }

  void probe(int layer, String name, float[] values, int rows, int width) {
    if (probe != null && layer >= 0) {
      probe.record(layer, name, values, rows, width);
    }
  }

  /** Moves some rows, ascending, to the front. */
  static void keep(float[] x, int[] rows, int width) {
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(x, rows[i] * width, x, i * width, width);
    }
  }

  /** Moves the rows in front back to where {@link #keep} found them. */
  static void putBack(float[] x, int[] rows, int width) {
    for (int i = rows.length - 1; i >= 0; i--) {
      System.arraycopy(x, i * width, x, rows[i] * width, width);
    }
  }

  static float[] grow(float[] buffer, int size) {
    return buffer.length >= size ? buffer : new float[Math.max(size, buffer.length * 3 / 2)];
  }

  /** One buffer a worker. */
  static float[][] perWorker(WorkerPool pool) {
    float[][] buffers = new float[pool.threads()][];
    Arrays.fill(buffers, new float[0]);
    return buffers;
  }
}
