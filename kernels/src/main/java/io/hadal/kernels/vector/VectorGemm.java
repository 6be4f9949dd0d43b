package io.hadal.kernels.vector;

import io.hadal.kernels.Gemm;
import io.hadal.kernels.scalar.GemmArguments;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Blocked product: a block of B is packed in panels two vectors wide that stay in the second cache
 * level, rows of A pass over them a tile at a time. A is packed only where its rows are not
 * contiguous.
 */
public final class VectorGemm implements Gemm {
  private static final GemmTile TILE = GemmTile.INSTANCE;
  private static final int ROWS = TILE.rows();
  private static final int L = Width.LENGTH;
  private static final int COLS = 2 * L;

  /** Columns of a packed block of B. */
  private static final int BLOCK_COLS = 512;

  /** Rows of a packed block of A. */
  private static final int BLOCK_ROWS = 96;

  private static final ThreadLocal<Buffers> BUFFERS = ThreadLocal.withInitial(Buffers::new);

  /** Of one thread; the slack is for vector copies that run over the end of a row. */
  private static final class Buffers {
    final float[] a = new float[DEPTH * BLOCK_ROWS + 16];
    final float[] b = new float[DEPTH * BLOCK_COLS];
    final float[] tile = new float[ROWS * COLS];
  }

  @Override
  public void multiply(
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
    if (!GemmArguments.ready(
        m, n, k, a, aOffset, aRow, aCol, b, bOffset, bRow, bCol, c, cOffset, cRow, add)) {
      return;
    }
    Buffers buffers = BUFFERS.get();
    boolean direct = aCol == 1 && m >= ROWS;
    for (int j = 0; j < n; j += BLOCK_COLS) {
      int cols = Math.min(BLOCK_COLS, n - j);
      for (int p = 0; p < k; p += DEPTH) {
        int depth = Math.min(DEPTH, k - p);
        boolean sum = add || p > 0;
        packB(b, bOffset + p * bRow + j * bCol, bRow, bCol, depth, cols, buffers.b);
        int aAt = aOffset + p * aCol;
        int cAt = cOffset + j;
        if (direct) {
          direct(m, cols, depth, a, aAt, aRow, buffers, c, cAt, cRow, sum);
          continue;
        }
        for (int i = 0; i < m; i += BLOCK_ROWS) {
          int rows = Math.min(BLOCK_ROWS, m - i);
          packA(a, aAt + i * aRow, aRow, aCol, depth, rows, buffers.a);
          packed(rows, cols, depth, buffers, c, cAt + i * cRow, cRow, sum);
        }
      }
    }
  }

  private static void direct(
      int m,
      int cols,
      int depth,
      float[] a,
      int aOffset,
      int aRow,
      Buffers buffers,
      float[] c,
      int cOffset,
      int cRow,
      boolean sum) {
    for (int i = 0; i < m; i += ROWS) {
      // The last tile starts early and skips the rows that are done.
      int first = Math.min(i, m - ROWS);
      for (int j = 0; j < cols; j += COLS) {
        TILE.direct(a, aOffset + first * aRow, aRow, buffers.b, j * depth, depth, buffers.tile);
        int width = Math.min(COLS, cols - j);
        store(buffers.tile, i - first, ROWS, width, c, cOffset + first * cRow + j, cRow, sum);
      }
    }
  }

  private static void packed(
      int m, int cols, int depth, Buffers buffers, float[] c, int cOffset, int cRow, boolean sum) {
    for (int i = 0; i < m; i += ROWS) {
      int rows = Math.min(ROWS, m - i);
      for (int j = 0; j < cols; j += COLS) {
        TILE.packed(buffers.a, i * depth, buffers.b, j * depth, depth, buffers.tile);
        int width = Math.min(COLS, cols - j);
        store(buffers.tile, 0, rows, width, c, cOffset + i * cRow + j, cRow, sum);
      }
    }
  }

  /** Puts rows {@code from .. to} of a finished tile in C. */
  private static void store(
      float[] tile, int from, int to, int width, float[] c, int cOffset, int cRow, boolean sum) {
    for (int r = from; r < to; r++) {
      int at = cOffset + r * cRow;
      int t = r * COLS;
      if (width == COLS) {
        FloatVector left = FloatVector.fromArray(Width.F, tile, t);
        FloatVector right = FloatVector.fromArray(Width.F, tile, t + L);
        if (sum) {
          left = FloatVector.fromArray(Width.F, c, at).add(left);
          right = FloatVector.fromArray(Width.F, c, at + L).add(right);
        }
        left.intoArray(c, at);
        right.intoArray(c, at + L);
      } else {
        for (int x = 0; x < width; x++) {
          c[at + x] = sum ? c[at + x] + tile[t + x] : tile[t + x];
        }
      }
    }
  }

  /** Panels of {@code [depth, two vectors]}, the last one filled up with zeros. */
  private static void packB(
      float[] b, int offset, int row, int col, int depth, int cols, float[] out) {
    for (int j = 0; j < cols; j += COLS) {
      int width = Math.min(COLS, cols - j);
      int panel = j * depth;
      int at = offset + j * col;
      if (width < COLS) {
        Arrays.fill(out, panel, panel + depth * COLS, 0);
      }
      if (col == 1 && width == COLS) {
        for (int p = 0; p < depth; p++) {
          FloatVector.fromArray(Width.F, b, at + p * row).intoArray(out, panel + p * COLS);
          FloatVector.fromArray(Width.F, b, at + p * row + L).intoArray(out, panel + p * COLS + L);
        }
      } else {
        for (int x = 0; x < width; x++) {
          copy(b, at + x * col, row, depth, out, panel + x, COLS);
        }
      }
    }
  }

  private static void copy(
      float[] from, int offset, int stride, int count, float[] to, int toOffset, int toStride) {
    if (stride == 1) {
      for (int p = 0; p < count; p++) {
        to[toOffset + p * toStride] = from[offset + p];
      }
    } else {
      for (int p = 0; p < count; p++) {
        to[toOffset + p * toStride] = from[offset + p * stride];
      }
    }
  }

  /** Panels of {@code [depth, tile rows]}, the last one filled up with zeros. */
  private static void packA(
      float[] a, int offset, int row, int col, int depth, int rows, float[] out) {
    int whole = rows / ROWS * ROWS;
    if (whole < rows) {
      Arrays.fill(out, whole * depth, (whole + ROWS) * depth, 0);
    }
    if (row != 1) {
      for (int r = 0; r < rows; r++) {
        int panel = r / ROWS * ROWS * depth;
        copy(a, offset + r * row, col, depth, out, panel + r % ROWS, ROWS);
      }
      return;
    }
    int p = 0;
    // A vector copy reads beyond the rows of a panel, and what it writes too much is written over.
    for (; p < depth - 1 && offset + p * col + rows + L <= a.length; p++) {
      int at = offset + p * col;
      for (int r = 0; r < whole; r += ROWS) {
        for (int x = 0; x < ROWS; x += L) {
          FloatVector.fromArray(Width.F, a, at + r + x).intoArray(out, r * depth + p * ROWS + x);
        }
      }
      for (int r = whole; r < rows; r++) {
        out[whole * depth + p * ROWS + r - whole] = a[at + r];
      }
    }
    for (; p < depth; p++) {
      int at = offset + p * col;
      for (int r = 0; r < rows; r++) {
        out[r / ROWS * ROWS * depth + p * ROWS + r % ROWS] = a[at + r];
      }
    }
  }
}
