package io.hadal.train.graph;

import io.hadal.kernels.Gemm;
import io.hadal.kernels.GemmPrecision;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.TrainingKernels;
import io.hadal.kernels.WorkerPool;

/**
 * Arithmetic over the worker pool. How work is split never changes a result: rows are independent,
 * and sums over tokens are taken by blocks of {@link #BLOCK} tokens and then over the blocks.
 */
final class Work {
  /** Tokens of a task. */
  static final int BLOCK = 64;

  /** Below this many multiply-adds a product runs on the calling thread. */
  private static final long SERIAL = 1 << 18;

  final Kernels kernels = Kernels.get();
  final TrainingKernels training = TrainingKernels.get();
  final Gemm f32 = Gemm.get();

  /** For large products. */
  final Gemm gemm;

  final WorkerPool pool;
  private final int tileRows;
  private final float[][] scratch;
  private float[] partials = new float[0];

  /**
   * Products over a pool.
   *
   * @param precision of {@link #gemm}
   */
  Work(WorkerPool pool, GemmPrecision precision) {
    this.pool = pool;
    this.gemm = Gemm.get(precision);
    this.tileRows = precision == GemmPrecision.BF16 ? 32 : 12;
    this.scratch = new float[pool.threads()][0];
  }

  /** Consecutive rows. */
  @FunctionalInterface
  interface Rows {
    void run(int from, int to, int worker);
  }

  /** Consecutive rows that leave sums in {@code partial} from an offset. */
  @FunctionalInterface
  interface SummingRows {
    void run(int from, int to, float[] partial, int offset, int worker);
  }

  static float[] grow(float[] buffer, int size) {
    return buffer.length >= size ? buffer : new float[size];
  }

  static int[] grow(int[] buffer, int size) {
    return buffer.length >= size ? buffer : new int[size];
  }

  /** Memory of a running task, of unknown content. */
  float[] scratch(int worker, int size) {
    scratch[worker] = grow(scratch[worker], size);
    return scratch[worker];
  }

  /** Runs blocks of rows. */
  void rows(int n, Rows task) {
    int blocks = (n + BLOCK - 1) / BLOCK;
    pool.run(blocks, (i, worker) -> task.run(i * BLOCK, Math.min(n, (i + 1) * BLOCK), worker));
  }

  /**
   * Runs blocks of rows, each with zeroed sums of its own, and adds these up in the order of the
   * blocks.
   *
   * @param sums added to
   */
  void sum(int n, int width, float[] sums, int offset, SummingRows task) {
    int blocks = (n + BLOCK - 1) / BLOCK;
    partials = grow(partials, blocks * width);
    float[] p = partials;
    java.util.Arrays.fill(p, 0, blocks * width, 0);
    pool.run(
        blocks,
        (i, worker) -> task.run(i * BLOCK, Math.min(n, (i + 1) * BLOCK), p, i * width, worker));
    for (int i = 0; i < blocks; i++) {
      kernels.addScaled(1, p, i * width, sums, offset, width);
    }
  }

  /** A product that is split over the threads. */
  Gemm parallel(Gemm product) {
    return (m, n, k, a, aAt, aRow, aCol, b, bAt, bRow, bCol, c, cAt, cRow, add) ->
        multiply(product, m, n, k, a, aAt, aRow, aCol, b, bAt, bRow, bCol, c, cAt, cRow, add);
  }

  /** {@link Gemm#multiply} split over the threads. */
  void multiply(
      Gemm product,
      int m,
      int n,
      int k,
      float[] a,
      int aOffset,
      int aRow,
      int aCol,
      float[] b,
      int bOffset,
      int bRow,
      int bCol,
      float[] c,
      int cOffset,
      int cRow,
      boolean add) {
    int threads = pool.threads();
    if (threads == 1 || (long) m * n * k < SERIAL) {
      product.multiply(
          m, n, k, a, aOffset, aRow, aCol, b, bOffset, bRow, bCol, c, cOffset, cRow, add);
      return;
    }
    if (m >= n) {
      int chunk = ((m + threads - 1) / threads + tileRows - 1) / tileRows * tileRows;
      pool.run(
          (m + chunk - 1) / chunk,
          (i, worker) -> {
            int from = i * chunk;
            product.multiply(
                Math.min(chunk, m - from),
                n,
                k,
                a,
                aOffset + from * aRow,
                aRow,
                aCol,
                b,
                bOffset,
                bRow,
                bCol,
                c,
                cOffset + from * cRow,
                cRow,
                add);
          });
    } else {
      int chunk = ((n + threads - 1) / threads + 31) / 32 * 32;
      pool.run(
          (n + chunk - 1) / chunk,
          (i, worker) -> {
            int from = i * chunk;
            product.multiply(
                m,
                Math.min(chunk, n - from),
                k,
                a,
                aOffset,
                aRow,
                aCol,
                b,
                bOffset + from * bCol,
                bRow,
                bCol,
                c,
                cOffset + from,
                cRow,
                add);
          });
    }
  }
}
