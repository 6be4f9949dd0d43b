package io.hadal.kernels.vector;

import io.hadal.kernels.scalar.Lanes;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Products of two sets of f32 rows: all dots, and sums of rows under weights. */
final class RowProducts {
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;
  private static final Tiles TILES = Tiles.INSTANCE;

  /** Floats of a block of rows that stays in the first cache level. */
  private static final int BLOCK_FLOATS = 8192;

  /** From so many a rows on, b rows are worth a copy outside the heap. */
  private static final int ALIGNED_ROWS = 16;

  /** Rows whose columns stay in the first cache level for all sums. */
  private static final int BLOCK_ROWS = 128;

  private RowProducts() {}

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
    if (aCount >= ALIGNED_ROWS && AlignedProducts.handles(n)) {
      AlignedProducts.dots(
          a, aOffset, aStride, aCount, b, bOffset, bStride, bCount, n, out, outOffset, outStride);
      return;
    }
    // A block of b rows stays in the first cache level for all a rows.
    int block = Math.max(4, BLOCK_FLOATS / Math.max(1, n) & -4);
    float[] lanes = Scratch.get().lanes(17 * Lanes.COUNT);
    for (int j = 0; j < bCount; j += block) {
      int cols = Math.min(block, bCount - j);
      for (int i = 0; i < aCount; i += 4) {
        int rows = Math.min(4, aCount - i);
        int aAt = aOffset + i * aStride;
        int bAt = bOffset + j * bStride;
        int outAt = outOffset + i * outStride + j;
        dots4(a, aAt, aStride, rows, b, bAt, bStride, cols, n, lanes, out, outAt, outStride);
      }
    }
  }

  /** Up to four a rows with a block of b rows. */
  private static void dots4(
      float[] a,
      int aAt,
      int aStride,
      int rows,
      float[] b,
      int bAt,
      int bStride,
      int bCount,
      int n,
      float[] lanes,
      float[] out,
      int outAt,
      int outStride) {
    int whole = n & -Lanes.COUNT;
    // Rows past the end repeat the last one; their results are dropped.
    int a1 = aAt + Math.min(1, rows - 1) * aStride;
    int a2 = aAt + Math.min(2, rows - 1) * aStride;
    int a3 = aAt + Math.min(3, rows - 1) * aStride;
    int j = 0;
    for (; j + 4 <= bCount; j += 4) {
      int b0 = bAt + j * bStride;
      int b1 = b0 + bStride;
      int b2 = b1 + bStride;
      int b3 = b2 + bStride;
      Arrays.fill(lanes, 0, 16 * Lanes.COUNT, 0);
      TILES.tile4x4(a, aAt, a1, a2, a3, b, b0, b1, b2, b3, whole, lanes, 0, 4 * Lanes.COUNT);
      if (whole == n) {
        int sums = 16 * Lanes.COUNT;
        LaneFold.fold(lanes, 0, lanes, sums);
        for (int i = 0; i < rows; i++) {
          int o = outAt + i * outStride + j;
          out[o] = lanes[sums + i];
          out[o + 1] = lanes[sums + i + 4];
          out[o + 2] = lanes[sums + i + 8];
          out[o + 3] = lanes[sums + i + 12];
        }
      } else {
        for (int jj = 0; jj < 4; jj++) {
          int o = outAt + j + jj;
          finish(a, aAt, aStride, rows, b, b0 + jj * bStride, n, lanes, jj, out, o, outStride);
        }
      }
    }
    for (; j < bCount; j++) {
      int b0 = bAt + j * bStride;
      Arrays.fill(lanes, 0, 4 * Lanes.COUNT, 0);
      TILES.tile4x1(a, aAt, a1, a2, a3, b, b0, whole, lanes, 0);
      finish(a, aAt, aStride, rows, b, b0, n, lanes, 0, out, outAt + j, outStride);
    }
  }

  /** Tails and folds of up to four rows with one b row, whose lanes are the jj-th 64. */
  private static void finish(
      float[] a,
      int aAt,
      int aStride,
      int rows,
      float[] b,
      int bAt,
      int n,
      float[] lanes,
      int jj,
      float[] out,
      int outAt,
      int outStride) {
    int whole = n & -Lanes.COUNT;
    for (int i = 0; i < rows; i++) {
      int at = (4 * jj + i) * Lanes.COUNT;
      if (whole < n) {
        Lanes.tail(a, aAt + i * aStride + whole, b, bAt + whole, n - whole, lanes, at);
      }
      out[outAt + i * outStride] = Lanes.fold(lanes, at);
    }
  }

  static float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
    float[] lanes = Scratch.get().lanes(16 * Lanes.COUNT);
    Arrays.fill(lanes, 0, Lanes.COUNT, 0);
    int whole = n & -Lanes.COUNT;
    TILES.tile1x1(a, aOffset, b, bOffset, whole, lanes, 0);
    Lanes.tail(a, aOffset + whole, b, bOffset + whole, n - whole, lanes, 0);
    return Lanes.fold(lanes, 0);
  }

  static void weightedSums(
      float[] p,
      int pOffset,
      int pStride,
      int pCount,
      float[] rows,
      int rowsOffset,
      int rowStride,
      int rowCount,
      int n,
      float[] out,
      int outOffset,
      int outStride) {
    for (int i = 0; i < pCount; i++) {
      Arrays.fill(out, outOffset + i * outStride, outOffset + i * outStride + n, 0);
    }
    int eights = AlignedTiles.USABLE && pCount >= ALIGNED_ROWS ? pCount & -8 : 0;
    long strip = eights > 0 ? Scratch.get().aligned(128 * BLOCK_ROWS) : 0;
    for (int j = 0; j < rowCount; j += BLOCK_ROWS) {
      int count = Math.min(BLOCK_ROWS, rowCount - j);
      int rowsAt = rowsOffset + j * rowStride;
      int c = 0;
      for (; c + 2 * L <= n; c += 2 * L) {
        if (eights > 0) {
          AlignedTiles.strip(rows, rowsAt + c, rowStride, count, strip);
        }
        for (int i = 0; i < eights; i += 8) {
          int pAt = pOffset + j + i * pStride;
          int o = outOffset + c + i * outStride;
          AlignedTiles.sum8x2(p, pAt, pStride, strip, count, out, o, outStride);
        }
        for (int i = eights; i < pCount; i += 4) {
          // Sums past the end repeat the last one and write the same values again.
          int i1 = Math.min(i + 1, pCount - 1);
          int i2 = Math.min(i + 2, pCount - 1);
          int i3 = Math.min(i + 3, pCount - 1);
          int pAt = pOffset + j;
          int o = outOffset + c;
          sum4x2(
              p,
              pAt + i * pStride,
              pAt + i1 * pStride,
              pAt + i2 * pStride,
              pAt + i3 * pStride,
              rows,
              rowsAt + c,
              rowStride,
              count,
              out,
              o + i * outStride,
              o + i1 * outStride,
              o + i2 * outStride,
              o + i3 * outStride);
        }
      }
      for (; c < n; c++) {
        for (int i = 0; i < pCount; i++) {
          int pAt = pOffset + i * pStride + j;
          sum1(p, pAt, rows, rowsAt + c, rowStride, count, out, outOffset + i * outStride + c);
        }
      }
    }
  }

  /** Adds to what is in {@code out}. */
  private static void sum4x2(
      float[] p,
      int p0,
      int p1,
      int p2,
      int p3,
      float[] rows,
      int rowsAt,
      int rowStride,
      int rowCount,
      float[] out,
      int o0,
      int o1,
      int o2,
      int o3) {
    FloatVector a0 = FloatVector.fromArray(F, out, o0);
    FloatVector a1 = FloatVector.fromArray(F, out, o1);
    FloatVector a2 = FloatVector.fromArray(F, out, o2);
    FloatVector a3 = FloatVector.fromArray(F, out, o3);
    FloatVector b0 = FloatVector.fromArray(F, out, o0 + L);
    FloatVector b1 = FloatVector.fromArray(F, out, o1 + L);
    FloatVector b2 = FloatVector.fromArray(F, out, o2 + L);
    FloatVector b3 = FloatVector.fromArray(F, out, o3 + L);
    for (int j = 0; j < rowCount; j++) {
      FloatVector ra = FloatVector.fromArray(F, rows, rowsAt + j * rowStride);
      FloatVector rb = FloatVector.fromArray(F, rows, rowsAt + j * rowStride + L);
      FloatVector w0 = FloatVector.broadcast(F, p[p0 + j]);
      FloatVector w1 = FloatVector.broadcast(F, p[p1 + j]);
      FloatVector w2 = FloatVector.broadcast(F, p[p2 + j]);
      FloatVector w3 = FloatVector.broadcast(F, p[p3 + j]);
      a0 = w0.fma(ra, a0);
      b0 = w0.fma(rb, b0);
      a1 = w1.fma(ra, a1);
      b1 = w1.fma(rb, b1);
      a2 = w2.fma(ra, a2);
      b2 = w2.fma(rb, b2);
      a3 = w3.fma(ra, a3);
      b3 = w3.fma(rb, b3);
    }
    a0.intoArray(out, o0);
    b0.intoArray(out, o0 + L);
    a1.intoArray(out, o1);
    b1.intoArray(out, o1 + L);
    a2.intoArray(out, o2);
    b2.intoArray(out, o2 + L);
    a3.intoArray(out, o3);
    b3.intoArray(out, o3 + L);
  }

  private static void sum1(
      float[] p,
      int pAt,
      float[] rows,
      int rowsAt,
      int rowStride,
      int rowCount,
      float[] out,
      int outAt) {
    float sum = out[outAt];
    for (int j = 0; j < rowCount; j++) {
      sum = Math.fma(p[pAt + j], rows[rowsAt + j * rowStride], sum);
    }
    out[outAt] = sum;
  }
}
