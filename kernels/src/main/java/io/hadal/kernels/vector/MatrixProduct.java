package io.hadal.kernels.vector;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.ProductWays;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.scalar.Lanes;
import io.hadal.kernels.scalar.RowDecoder;
import java.util.Arrays;

/**
 * Stored weights times f32 inputs. Rows are decoded a panel of columns at a time into scratch that
 * the first or second cache level holds; all inputs run over a panel before the next one is
 * decoded, their lanes waiting in memory.
 */
final class MatrixProduct {
  static final int PANEL_ROWS = 16;

  /** A multiple of every block size. */
  static final int PANEL_COLS = 1024;

  /** Inputs whose lanes wait at a time. */
  private static final int TOKENS = 256;

  /** Up to this many inputs, decoding in registers for each beats decoding once to memory. */
  private static final int DIRECT_TOKENS = 3;

  /** From so many inputs on, both sides are worth a copy outside the heap. */
  private static final int ALIGNED_TOKENS = 8;

  private static final Tiles TILES = Tiles.INSTANCE;

  /** Rows of which four streams take a quarter each. */
  private static final int STREAMED = 128;

  /** Types whose direct kernel the start-up test found slower than panels. */
  private static final boolean[] BY_PANELS = new boolean[StorageType.values().length];

  private MatrixProduct() {}

  static void multiply(
      Matrix w,
      int fromRow,
      int toRow,
      float[] x,
      int xOffset,
      int xStride,
      int tokens,
      float[] y,
      int yOffset,
      int yStride) {
    RowKernel kernel =
        tokens <= DIRECT_TOKENS && !BY_PANELS[w.type().ordinal()] ? RowKernels.of(w) : null;
    if (kernel == null) {
      panels(w, fromRow, toRow, x, xOffset, xStride, tokens, y, yOffset, yStride);
      return;
    }
    RowDecoder decoder = VectorDecoders.of(w.type());
    Scratch scratch = Scratch.get();
    for (int t = 0; t < tokens; t++) {
      int yAt = yOffset + t * yStride;
      direct(w, decoder, kernel, fromRow, toRow, x, xOffset + t * xStride, y, yAt, scratch);
    }
  }

  /** The start-up test's interface to the two ways. */
  static final ProductWays WAYS =
      new ProductWays() {
        @Override
        public int count(Matrix w) {
          return RowKernels.of(w) == null ? 1 : 2;
        }

        @Override
        public String name(int way) {
          return way == 0 ? "rows" : "panels";
        }

        @Override
        public void multiply(int way, Matrix w, int fromRow, int toRow, float[] x, float[] y) {
          RowKernel kernel = way == 0 ? RowKernels.of(w) : null;
          if (kernel == null) {
            panels(w, fromRow, toRow, x, 0, w.cols(), 1, y, 0, w.rows());
          } else {
            RowDecoder decoder = VectorDecoders.of(w.type());
            direct(w, decoder, kernel, fromRow, toRow, x, 0, y, 0, Scratch.get());
          }
        }

        @Override
        public void choose(Matrix w, int way) {
          BY_PANELS[w.type().ordinal()] = way == 1;
        }
      };

  private static void panels(
      Matrix w,
      int fromRow,
      int toRow,
      float[] x,
      int xOffset,
      int xStride,
      int tokens,
      float[] y,
      int yOffset,
      int yStride) {
    RowDecoder decoder = VectorDecoders.of(w.type());
    if (tokens >= ALIGNED_TOKENS && AlignedProducts.handles(w)) {
      AlignedProducts.multiply(
          w, decoder, fromRow, toRow, x, xOffset, xStride, tokens, y, yOffset, yStride);
      return;
    }
    Scratch scratch = Scratch.get();
    int panelRows = tokens < 4 ? 4 : PANEL_ROWS;
    float[] lanes = scratch.lanes(Math.min(tokens, TOKENS) * panelRows * Lanes.COUNT);
    for (int t = 0; t < tokens; t += TOKENS) {
      int count = Math.min(TOKENS, tokens - t);
      int xAt = xOffset + t * xStride;
      int yAt = yOffset + t * yStride;
      for (int r = fromRow; r < toRow; r += panelRows) {
        int rows = Math.min(panelRows, toRow - r);
        panel(w, decoder, r, rows, panelRows, x, xAt, xStride, count, scratch, lanes);
        for (int j = 0; j < count; j++) {
          int at = j * panelRows * Lanes.COUNT;
          for (int i = 0; i < rows; i++) {
            y[yAt + j * yStride + r + i] = Lanes.fold(lanes, at + i * Lanes.COUNT);
          }
        }
      }
    }
  }

  private static void direct(
      Matrix w,
      RowDecoder decoder,
      RowKernel kernel,
      int fromRow,
      int toRow,
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      Scratch scratch) {
    for (int r = fromRow; r < toRow; r += STREAMED) {
      streams(w, decoder, kernel, r, Math.min(toRow, r + STREAMED), x, xAt, y, yAt + r, scratch);
    }
  }

  /**
   * Rows in four streams, each of which reads on where it ended: what the processor fetches ahead
   * behind a row is the next one.
   */
  private static void streams(
      Matrix w,
      RowDecoder decoder,
      RowKernel kernel,
      int fromRow,
      int toRow,
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      Scratch scratch) {
    float[] lanes = scratch.lanes(4 * Lanes.COUNT);
    int whole = w.cols() & -Lanes.COUNT;
    int rest = w.cols() - whole;
    int count = toRow - fromRow;
    int step = (count + 3) / 4;
    int last = toRow - 1;
    for (int j = 0; j < step; j++) {
      int r = fromRow + j;
      // Rows past the end repeat the last one; their results are dropped.
      int r1 = Math.min(r + step, last);
      int r2 = Math.min(r + 2 * step, last);
      kernel.rows4(w, r, r1, r2, Math.min(r + 3 * step, last), x, xAt, lanes);
      for (int i = 0; i < 4 && j + i * step < count; i++) {
        if (rest > 0) {
          decoder.decode(w, r + i * step, whole, rest, scratch.panel, 0);
          Lanes.tail(scratch.panel, 0, x, xAt + whole, rest, lanes, i * Lanes.COUNT);
        }
        y[yAt + j + i * step] = Lanes.fold(lanes, i * Lanes.COUNT);
      }
    }
  }

  /** Fills the lanes of {@code rows} rows and all tokens; rows up to the panel's get any value. */
  private static void panel(
      Matrix w,
      RowDecoder decoder,
      int row,
      int rows,
      int panelRows,
      float[] x,
      int xAt,
      int xStride,
      int tokens,
      Scratch scratch,
      float[] lanes) {
    float[] panel = scratch.panel;
    int cols = w.cols();
    int panelCols = panel.length / panelRows;
    int laneStride = panelRows * Lanes.COUNT;
    Arrays.fill(lanes, 0, tokens * laneStride, 0);
    int quads = (rows + 3) / 4;
    for (int k = 0; k < cols; k += panelCols) {
      int n = Math.min(panelCols, cols - k);
      for (int i = 0; i < rows; i++) {
        decoder.decode(w, row + i, k, n, panel, i * panelCols);
      }
      int whole = n & -Lanes.COUNT;
      int t = 0;
      for (; t + 4 <= tokens; t += 4) {
        int b = xAt + t * xStride + k;
        for (int q = 0; q < quads; q++) {
          int a = 4 * q * panelCols;
          TILES.tile4x4(
              panel,
              a,
              a + panelCols,
              a + 2 * panelCols,
              a + 3 * panelCols,
              x,
              b,
              b + xStride,
              b + 2 * xStride,
              b + 3 * xStride,
              whole,
              lanes,
              t * laneStride + 4 * q * Lanes.COUNT,
              laneStride);
        }
      }
      for (; t < tokens; t++) {
        int b = xAt + t * xStride + k;
        for (int q = 0; q < quads; q++) {
          int a = 4 * q * panelCols;
          TILES.tile4x1(
              panel,
              a,
              a + panelCols,
              a + 2 * panelCols,
              a + 3 * panelCols,
              x,
              b,
              whole,
              lanes,
              t * laneStride + 4 * q * Lanes.COUNT);
        }
      }
      if (whole < n) {
        for (int j = 0; j < tokens; j++) {
          for (int i = 0; i < rows; i++) {
            Lanes.tail(
                panel,
                i * panelCols + whole,
                x,
                xAt + j * xStride + k + whole,
                n - whole,
                lanes,
                j * laneStride + i * Lanes.COUNT);
          }
        }
      }
    }
  }
}
