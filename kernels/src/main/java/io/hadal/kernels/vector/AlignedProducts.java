package io.hadal.kernels.vector;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.Lanes;
import io.hadal.kernels.scalar.RowDecoder;

/**
 * Products of many rows with many rows: both sides are copied outside the heap to lines of the
 * cache, part by part, and so are the lanes. Bits as {@link RowProducts} and {@link MatrixProduct}.
 */
final class AlignedProducts {
  /** Columns of a part of a matrix, a multiple of every block size. */
  private static final int COLS = 1024;

  /** Rows of a matrix that share a copy of the inputs. */
  private static final int ROWS = 32;

  /** Inputs that share decoded rows, whose lanes wait at a time. */
  private static final int TOKENS = 128;

  /** Floats of rows that stay in the first cache level while others run over them. */
  private static final int NEAR_FLOATS = 8192;

  /** Floats of those others that are copied at a time. */
  private static final int FAR_FLOATS = 1 << 16;

  /** Bytes of the lanes of four by four rows. */
  private static final long TILE = 4 * 16 * Lanes.COUNT;

  private AlignedProducts() {}

  /** True for dots of rows of {@code n} elements. */
  static boolean handles(int n) {
    return AlignedTiles.USABLE && n > 0 && n % Lanes.COUNT == 0 && 4 * n <= NEAR_FLOATS;
  }

  /** True for products of many inputs with this matrix. */
  static boolean handles(Matrix w) {
    return AlignedTiles.USABLE && w.cols() % Lanes.COUNT == 0;
  }

  /** {@link RowProducts#dots} where {@link #handles} holds. */
  static void dots(
      float[] a,
      int aOffset,
      int aStride,
      int aCount,
      float[] b,
      int bOffset,
      int bStride,
      int bCount,
      int n,
      float[] out,
      int outOffset,
      int outStride) {
    long row = 4L * n;
    int far = Math.min(FAR_FLOATS / n & -4, aCount + 3 & -4);
    int near = NEAR_FLOATS / n & -4;
    long aAt = Scratch.get().aligned((far + near) * row + TILE + 64);
    long bAt = aAt + far * row;
    long lanes = bAt + near * row;
    for (int i = 0; i < aCount; i += far) {
      int rows = Math.min(far, aCount - i);
      AlignedTiles.copy(a, aOffset + i * aStride, aStride, rows, n, aAt);
      for (int j = 0; j < bCount; j += near) {
        int cols = Math.min(near, bCount - j);
        AlignedTiles.copy(b, bOffset + j * bStride, bStride, cols, n, bAt);
        int outAt = outOffset + i * outStride + j;
        for (int r = 0; r < rows; r += 4) {
          long ar = aAt + r * row;
          int rOut = outAt + r * outStride;
          dots4(bAt, cols, ar, Math.min(4, rows - r), n, lanes, out, rOut, outStride);
        }
      }
    }
  }

  /** Up to four a rows with a block of b rows. */
  private static void dots4(
      long b,
      int cols,
      long a,
      int rows,
      int n,
      long lanes,
      float[] out,
      int outAt,
      int outStride) {
    long sums = lanes + TILE;
    for (int c = 0; c < cols; c += 4) {
      // What repeats the last row is dropped.
      AlignedTiles.first4x4(b + 4L * n * c, a, n, lanes);
      LaneFold.fold512(lanes, sums);
      store(sums, Math.min(4, cols - c), rows, out, outAt + c, outStride);
    }
  }

  private static void store(long sums, int count, int rows, float[] out, int outAt, int outStride) {
    if (count == 4 && rows == 4) {
      AlignedTiles.store4x4(sums, out, outAt, outStride);
      return;
    }
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < count; c++) {
        out[outAt + r * outStride + c] = OffHeap.MEMORY.get(Layouts.FLOAT, sums + 4 * (4 * r + c));
      }
    }
  }

  /** Rows of a matrix, whose columns are a multiple of sixteen, with inputs. */
  static void multiply(
      Matrix w,
      RowDecoder decoder,
      int fromRow,
      int toRow,
      float[] x,
      int xOffset,
      int xStride,
      int tokens,
      float[] y,
      int yOffset,
      int yStride) {
    for (int t = 0; t < tokens; t += TOKENS) {
      int count = Math.min(TOKENS, tokens - t);
      for (int r = fromRow; r < toRow; r += ROWS) {
        int rows = Math.min(ROWS, toRow - r);
        int yAt = yOffset + t * yStride;
        panel(w, decoder, r, rows, x, xOffset + t * xStride, xStride, count, y, yAt, yStride);
      }
    }
  }

  private static void panel(
      Matrix w,
      RowDecoder decoder,
      int fromRow,
      int rows,
      float[] x,
      int xAt,
      int xStride,
      int tokens,
      float[] y,
      int yAt,
      int yStride) {
    Scratch scratch = Scratch.get();
    int cols = w.cols();
    int width = Math.min(COLS, cols);
    long row = 4L * width;
    int quads = (rows + 3) / 4;
    int tiles = (tokens + 3) / 4 * quads;
    long panel = scratch.aligned((4 * quads + 8) * row + tiles * TILE + 64);
    long inputs = panel + 4 * quads * row;
    long lanes = inputs + 8 * row;
    for (int k = 0; k < cols; k += width) {
      int n = Math.min(width, cols - k);
      for (int i = 0; i < rows; i += 4) {
        int count = Math.min(4, rows - i);
        for (int j = 0; j < count; j++) {
          decoder.decode(w, fromRow + i + j, k, n, scratch.panel, j * n);
        }
        AlignedTiles.copy(scratch.panel, 0, n, count, n, panel + 4L * n * i);
      }
      AlignedTiles.copy(x, xAt + k, xStride, Math.min(4, tokens), n, inputs);
      long own = inputs;
      long next = inputs + 4 * row;
      for (int t = 0; t < tokens; t += 4) {
        int ahead = Math.min(4, tokens - t - 4);
        int nextAt = xAt + (t + 4) * xStride + k;
        long to = lanes + t / 4 * quads * TILE;
        tiles(panel, own, quads, n, k == 0, to, x, nextAt, xStride, ahead, next);
        long swap = own;
        own = next;
        next = swap;
      }
    }
    long sums = lanes + tiles * TILE;
    for (int i = 0; i < tiles; i++) {
      int t = i / quads * 4;
      int r = i % quads * 4;
      LaneFold.fold512(lanes + i * TILE, sums);
      int at = yAt + t * yStride + fromRow + r;
      store(sums, Math.min(4, rows - r), Math.min(4, tokens - t), y, at, yStride);
    }
  }

  /**
   * Four inputs with all rows of a panel. The inputs behind them are copied a part after each tile,
   * so that the processor fetches the next part meanwhile.
   */
  private static void tiles(
      long panel,
      long inputs,
      int quads,
      int n,
      boolean first,
      long lanes,
      float[] x,
      int nextAt,
      int xStride,
      int ahead,
      long next) {
    for (int q = 0; q < quads; q++) {
      long a = panel + 16L * n * q;
      if (first) {
        AlignedTiles.first4x4(a, inputs, n, lanes + q * TILE);
      } else {
        AlignedTiles.next4x4(a, inputs, n, lanes + q * TILE);
      }
      if (ahead > 0) {
        int from = n / Lanes.COUNT * q / quads * Lanes.COUNT;
        int to = n / Lanes.COUNT * (q + 1) / quads * Lanes.COUNT;
        AlignedTiles.copy(x, nextAt + from, xStride, ahead, to - from, next + 16L * from);
      }
    }
  }
}
