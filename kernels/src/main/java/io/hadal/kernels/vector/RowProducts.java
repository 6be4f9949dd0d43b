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
    float[] lanes = Scratch.get().lanes(16 * Lanes.COUNT);
    for (int i = 0; i < aCount; i += 4) {
      int rows = Math.min(4, aCount - i);
      // Rows past the end repeat the last one; their results are dropped.
      int a0 = aOffset + i * aStride;
      int a1 = aOffset + Math.min(i + 1, aCount - 1) * aStride;
      int a2 = aOffset + Math.min(i + 2, aCount - 1) * aStride;
      int a3 = aOffset + Math.min(i + 3, aCount - 1) * aStride;
      int j = 0;
      for (; j + 4 <= bCount; j += 4) {
        int b0 = bOffset + j * bStride;
        Arrays.fill(lanes, 0, 16 * Lanes.COUNT, 0);
        TILES.tile4x4(
            a,
            a0,
            a1,
            a2,
            a3,
            b,
            b0,
            b0 + bStride,
            b0 + 2 * bStride,
            b0 + 3 * bStride,
            n & -Lanes.COUNT,
            lanes,
            0,
            4 * Lanes.COUNT);
        for (int jj = 0; jj < 4; jj++) {
          finish(
              a,
              aOffset + i * aStride,
              aStride,
              rows,
              b,
              b0 + jj * bStride,
              n,
              lanes,
              jj,
              out,
              outOffset + i * outStride + j + jj,
              outStride);
        }
      }
      for (; j < bCount; j++) {
        int b0 = bOffset + j * bStride;
        Arrays.fill(lanes, 0, 4 * Lanes.COUNT, 0);
        TILES.tile4x1(a, a0, a1, a2, a3, b, b0, n & -Lanes.COUNT, lanes, 0);
        finish(
            a,
            aOffset + i * aStride,
            aStride,
            rows,
            b,
            b0,
            n,
            lanes,
            0,
            out,
            outOffset + i * outStride + j,
            outStride);
      }
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
    for (int i = 0; i < pCount; i += 4) {
      // Sums past the end repeat the last one and write the same values again.
      int i1 = Math.min(i + 1, pCount - 1);
      int i2 = Math.min(i + 2, pCount - 1);
      int i3 = Math.min(i + 3, pCount - 1);
      int p0 = pOffset + i * pStride;
      int p1 = pOffset + i1 * pStride;
      int p2 = pOffset + i2 * pStride;
      int p3 = pOffset + i3 * pStride;
      int o0 = outOffset + i * outStride;
      int o1 = outOffset + i1 * outStride;
      int o2 = outOffset + i2 * outStride;
      int o3 = outOffset + i3 * outStride;
      int c = 0;
      for (; c + 2 * L <= n; c += 2 * L) {
        sum4x2(
            p,
            p0,
            p1,
            p2,
            p3,
            rows,
            rowsOffset + c,
            rowStride,
            rowCount,
            out,
            o0 + c,
            o1 + c,
            o2 + c,
            o3 + c);
      }
      for (; c < n; c++) {
        sum4x1(
            p,
            p0,
            p1,
            p2,
            p3,
            rows,
            rowsOffset + c,
            rowStride,
            rowCount,
            out,
            o0 + c,
            o1 + c,
            o2 + c,
            o3 + c);
      }
    }
  }

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
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    FloatVector b2 = FloatVector.zero(F);
    FloatVector b3 = FloatVector.zero(F);
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

  private static void sum4x1(
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
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    for (int j = 0; j < rowCount; j++) {
      float r = rows[rowsAt + j * rowStride];
      s0 = Math.fma(p[p0 + j], r, s0);
      s1 = Math.fma(p[p1 + j], r, s1);
      s2 = Math.fma(p[p2 + j], r, s2);
      s3 = Math.fma(p[p3 + j], r, s3);
    }
    out[o0] = s0;
    out[o1] = s1;
    out[o2] = s2;
    out[o3] = s3;
  }
}
