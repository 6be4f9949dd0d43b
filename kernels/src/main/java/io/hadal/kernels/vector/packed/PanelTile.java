package io.hadal.kernels.vector.packed;

import io.hadal.kernels.vector.Width;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Sums of a block's products: two vectors of rows by eight tokens, all exact integers. */
final class PanelTile {
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;

  private static final FloatVector ONE = FloatVector.broadcast(F, 1);

  private PanelTile() {}

  /**
   * Products of 32 columns.
   *
   * @param panel weights, a column every {@link PanelProduct#ROWS}
   * @param p first column of two vectors of rows
   * @param x eight tokens, a column every 8
   * @param out {@code [8][2 L]}
   */
  static void products(float[] panel, int p, float[] x, int xAt, float[] out) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector a4 = FloatVector.zero(F);
    FloatVector a5 = FloatVector.zero(F);
    FloatVector a6 = FloatVector.zero(F);
    FloatVector a7 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    FloatVector b2 = FloatVector.zero(F);
    FloatVector b3 = FloatVector.zero(F);
    FloatVector b4 = FloatVector.zero(F);
    FloatVector b5 = FloatVector.zero(F);
    FloatVector b6 = FloatVector.zero(F);
    FloatVector b7 = FloatVector.zero(F);
    for (int k = 0; k < 32; k++) {
      FloatVector wa = FloatVector.fromArray(F, panel, p + k * PanelProduct.ROWS);
      FloatVector wb = FloatVector.fromArray(F, panel, p + k * PanelProduct.ROWS + L);
      int at = xAt + 8 * k;
      FloatVector x0 = FloatVector.broadcast(F, x[at]);
      a0 = wa.fma(x0, a0);
      b0 = wb.fma(x0, b0);
      FloatVector x1 = FloatVector.broadcast(F, x[at + 1]);
      a1 = wa.fma(x1, a1);
      b1 = wb.fma(x1, b1);
      FloatVector x2 = FloatVector.broadcast(F, x[at + 2]);
      a2 = wa.fma(x2, a2);
      b2 = wb.fma(x2, b2);
      FloatVector x3 = FloatVector.broadcast(F, x[at + 3]);
      a3 = wa.fma(x3, a3);
      b3 = wb.fma(x3, b3);
      FloatVector x4 = FloatVector.broadcast(F, x[at + 4]);
      a4 = wa.fma(x4, a4);
      b4 = wb.fma(x4, b4);
      FloatVector x5 = FloatVector.broadcast(F, x[at + 5]);
      a5 = wa.fma(x5, a5);
      b5 = wb.fma(x5, b5);
      FloatVector x6 = FloatVector.broadcast(F, x[at + 6]);
      a6 = wa.fma(x6, a6);
      b6 = wb.fma(x6, b6);
      FloatVector x7 = FloatVector.broadcast(F, x[at + 7]);
      a7 = wa.fma(x7, a7);
      b7 = wb.fma(x7, b7);
    }
    a0.intoArray(out, 0);
    b0.intoArray(out, L);
    a1.intoArray(out, 2 * L);
    b1.intoArray(out, 3 * L);
    a2.intoArray(out, 4 * L);
    b2.intoArray(out, 5 * L);
    a3.intoArray(out, 6 * L);
    b3.intoArray(out, 7 * L);
    a4.intoArray(out, 8 * L);
    b4.intoArray(out, 9 * L);
    a5.intoArray(out, 10 * L);
    b5.intoArray(out, 11 * L);
    a6.intoArray(out, 12 * L);
    b6.intoArray(out, 13 * L);
    a7.intoArray(out, 14 * L);
    b7.intoArray(out, 15 * L);
  }

  /** {@link #products} of the first token alone. */
  static void one(float[] panel, int p, float[] x, int xAt, float[] out) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    for (int k = 0; k < 32; k += 2) {
      int at = p + k * PanelProduct.ROWS;
      FloatVector x0 = FloatVector.broadcast(F, x[xAt + 8 * k]);
      a0 = FloatVector.fromArray(F, panel, at).fma(x0, a0);
      b0 = FloatVector.fromArray(F, panel, at + L).fma(x0, b0);
      FloatVector x1 = FloatVector.broadcast(F, x[xAt + 8 * k + 8]);
      a1 = FloatVector.fromArray(F, panel, at + PanelProduct.ROWS).fma(x1, a1);
      b1 = FloatVector.fromArray(F, panel, at + PanelProduct.ROWS + L).fma(x1, b1);
    }
    a0.add(a1).intoArray(out, 0);
    b0.add(b1).intoArray(out, L);
  }

  /**
   * Adds a block's products under its scales.
   *
   * @param out of {@link #products}
   * @param s scales of two vectors of rows
   * @param dx scales of the tokens' blocks, every {@code dxStride}
   * @param sums {@code [8][PanelProduct.ROWS]}
   */
  static void scale(
      float[] out,
      float[] scales,
      int s,
      float[] dx,
      int d,
      int dxStride,
      int tokens,
      float[] sums,
      int at) {
    FloatVector sa = FloatVector.fromArray(F, scales, s);
    FloatVector sb = FloatVector.fromArray(F, scales, s + L);
    for (int t = 0; t < tokens; t++) {
      FloatVector x = FloatVector.broadcast(F, dx[d + t * dxStride]);
      int to = at + t * PanelProduct.ROWS;
      FloatVector.fromArray(F, out, 2 * t * L)
          .fma(sa.mul(x), FloatVector.fromArray(F, sums, to))
          .intoArray(sums, to);
      FloatVector.fromArray(F, out, (2 * t + 1) * L)
          .fma(sb.mul(x), FloatVector.fromArray(F, sums, to + L))
          .intoArray(sums, to + L);
    }
  }

  /**
   * {@link #scale}, and takes off one minimum for each row.
   *
   * @param min integers, or -1 when all are 1
   * @param dmin f32 scales of the minima
   * @param q negative sums of the tokens' codes: first half of eight tokens, second half
   */
  static void scaleAndMinimum(
      float[] out,
      float[] scales,
      int s,
      float[] mins,
      int min,
      int dmin,
      float[] q,
      int qAt,
      float[] dx,
      int d,
      int dxStride,
      int tokens,
      float[] sums,
      int at) {
    FloatVector sa = FloatVector.fromArray(F, scales, s);
    FloatVector sb = FloatVector.fromArray(F, scales, s + L);
    FloatVector ma = min < 0 ? ONE : FloatVector.fromArray(F, mins, min);
    FloatVector mb = min < 0 ? ONE : FloatVector.fromArray(F, mins, min + L);
    FloatVector da = FloatVector.fromArray(F, mins, dmin);
    FloatVector db = FloatVector.fromArray(F, mins, dmin + L);
    for (int t = 0; t < tokens; t++) {
      FloatVector x = FloatVector.broadcast(F, dx[d + t * dxStride]);
      FloatVector m = FloatVector.broadcast(F, q[qAt + t] + q[qAt + 8 + t]);
      int to = at + t * PanelProduct.ROWS;
      ma.mul(m)
          .fma(
              da.mul(x),
              FloatVector.fromArray(F, out, 2 * t * L)
                  .fma(sa.mul(x), FloatVector.fromArray(F, sums, to)))
          .intoArray(sums, to);
      mb.mul(m)
          .fma(
              db.mul(x),
              FloatVector.fromArray(F, out, (2 * t + 1) * L)
                  .fma(sb.mul(x), FloatVector.fromArray(F, sums, to + L)))
          .intoArray(sums, to + L);
    }
  }

  /** {@link #scaleAndMinimum} with minima for each half of the columns, the second after ROWS. */
  static void scaleAndMinima(
      float[] out,
      float[] scales,
      int s,
      float[] mins,
      int min,
      int dmin,
      float[] q,
      int qAt,
      float[] dx,
      int d,
      int dxStride,
      int tokens,
      float[] sums,
      int at) {
    for (int v = 0; v < 2; v++) {
      FloatVector sv = FloatVector.fromArray(F, scales, s + v * L);
      FloatVector m0 = FloatVector.fromArray(F, mins, min + v * L);
      FloatVector m1 = FloatVector.fromArray(F, mins, min + v * L + PanelProduct.ROWS);
      FloatVector dm = FloatVector.fromArray(F, mins, dmin + v * L);
      for (int t = 0; t < tokens; t++) {
        FloatVector x = FloatVector.broadcast(F, dx[d + t * dxStride]);
        int to = at + t * PanelProduct.ROWS + v * L;
        FloatVector sum =
            FloatVector.fromArray(F, out, (2 * t + v) * L)
                .fma(sv.mul(x), FloatVector.fromArray(F, sums, to));
        FloatVector q0 = FloatVector.broadcast(F, q[qAt + t]);
        FloatVector q1 = FloatVector.broadcast(F, q[qAt + 8 + t]);
        m0.fma(q0, m1.mul(q1)).fma(dm.mul(x), sum).intoArray(sums, to);
      }
    }
  }
}
