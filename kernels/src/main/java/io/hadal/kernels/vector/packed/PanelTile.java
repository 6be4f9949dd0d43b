package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.vector.Width;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** A block's products: two vectors of rows by eight tokens, whose sums are exact integers. */
final class PanelTile {
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;
  private static final int COLUMN = PanelProduct.COLUMN;

  /** Bytes of a vector. */
  private static final int V = 4 * L;

  private static final FloatVector ONE = FloatVector.broadcast(F, 1);

  private PanelTile() {}

  /**
   * Adds the products of 32 columns under their scales.
   *
   * @param p address of the weights, a column every {@link PanelProduct#COLUMN} bytes: two vectors
   *     of rows
   * @param x 32 columns each of eight tokens
   * @param scales of two vectors of rows, from {@code s} on
   * @param dx scales of the tokens' blocks, every {@code dxStride} from {@code d} on
   * @param sums address of the rows' sums, a token every {@link PanelProduct#COLUMN} bytes
   */
  static void add(
      long p,
      float[] x,
      int xAt,
      float[] scales,
      int s,
      float[] dx,
      int d,
      int dxStride,
      long sums) {
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
      FloatVector wa =
          FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + k * COLUMN, LITTLE_ENDIAN);
      FloatVector wb =
          FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + k * COLUMN + V, LITTLE_ENDIAN);
      int at = xAt + k;
      FloatVector x0 = FloatVector.broadcast(F, x[at]);
      a0 = wa.fma(x0, a0);
      b0 = wb.fma(x0, b0);
      FloatVector x1 = FloatVector.broadcast(F, x[at + 32]);
      a1 = wa.fma(x1, a1);
      b1 = wb.fma(x1, b1);
      FloatVector x2 = FloatVector.broadcast(F, x[at + 64]);
      a2 = wa.fma(x2, a2);
      b2 = wb.fma(x2, b2);
      FloatVector x3 = FloatVector.broadcast(F, x[at + 96]);
      a3 = wa.fma(x3, a3);
      b3 = wb.fma(x3, b3);
      FloatVector x4 = FloatVector.broadcast(F, x[at + 128]);
      a4 = wa.fma(x4, a4);
      b4 = wb.fma(x4, b4);
      FloatVector x5 = FloatVector.broadcast(F, x[at + 160]);
      a5 = wa.fma(x5, a5);
      b5 = wb.fma(x5, b5);
      FloatVector x6 = FloatVector.broadcast(F, x[at + 192]);
      a6 = wa.fma(x6, a6);
      b6 = wb.fma(x6, b6);
      FloatVector x7 = FloatVector.broadcast(F, x[at + 224]);
      a7 = wa.fma(x7, a7);
      b7 = wb.fma(x7, b7);
    }
    FloatVector sa = FloatVector.fromArray(F, scales, s);
    FloatVector sb = FloatVector.fromArray(F, scales, s + L);
    FloatVector d0 = FloatVector.broadcast(F, dx[d]);
    a0.fma(sa.mul(d0), FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums, LITTLE_ENDIAN);
    b0.fma(sb.mul(d0), FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + V, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + V, LITTLE_ENDIAN);
    FloatVector d1 = FloatVector.broadcast(F, dx[d + dxStride]);
    a1.fma(
            sa.mul(d1),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + COLUMN, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + COLUMN, LITTLE_ENDIAN);
    b1.fma(
            sb.mul(d1),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + COLUMN + V, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + COLUMN + V, LITTLE_ENDIAN);
    FloatVector d2 = FloatVector.broadcast(F, dx[d + 2 * dxStride]);
    a2.fma(
            sa.mul(d2),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 2 * COLUMN, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 2 * COLUMN, LITTLE_ENDIAN);
    b2.fma(
            sb.mul(d2),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 2 * COLUMN + V, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 2 * COLUMN + V, LITTLE_ENDIAN);
    FloatVector d3 = FloatVector.broadcast(F, dx[d + 3 * dxStride]);
    a3.fma(
            sa.mul(d3),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 3 * COLUMN, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 3 * COLUMN, LITTLE_ENDIAN);
    b3.fma(
            sb.mul(d3),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 3 * COLUMN + V, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 3 * COLUMN + V, LITTLE_ENDIAN);
    FloatVector d4 = FloatVector.broadcast(F, dx[d + 4 * dxStride]);
    a4.fma(
            sa.mul(d4),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 4 * COLUMN, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 4 * COLUMN, LITTLE_ENDIAN);
    b4.fma(
            sb.mul(d4),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 4 * COLUMN + V, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 4 * COLUMN + V, LITTLE_ENDIAN);
    FloatVector d5 = FloatVector.broadcast(F, dx[d + 5 * dxStride]);
    a5.fma(
            sa.mul(d5),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 5 * COLUMN, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 5 * COLUMN, LITTLE_ENDIAN);
    b5.fma(
            sb.mul(d5),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 5 * COLUMN + V, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 5 * COLUMN + V, LITTLE_ENDIAN);
    FloatVector d6 = FloatVector.broadcast(F, dx[d + 6 * dxStride]);
    a6.fma(
            sa.mul(d6),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 6 * COLUMN, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 6 * COLUMN, LITTLE_ENDIAN);
    b6.fma(
            sb.mul(d6),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 6 * COLUMN + V, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 6 * COLUMN + V, LITTLE_ENDIAN);
    FloatVector d7 = FloatVector.broadcast(F, dx[d + 7 * dxStride]);
    a7.fma(
            sa.mul(d7),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 7 * COLUMN, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 7 * COLUMN, LITTLE_ENDIAN);
    b7.fma(
            sb.mul(d7),
            FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + 7 * COLUMN + V, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + 7 * COLUMN + V, LITTLE_ENDIAN);
  }

  /** {@link #add} of the first token alone. */
  static void addOne(long p, float[] x, int xAt, float[] scales, int s, float dx, long sums) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    for (int k = 0; k < 32; k += 2) {
      long at = p + k * COLUMN;
      FloatVector x0 = FloatVector.broadcast(F, x[xAt + k]);
      a0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, at, LITTLE_ENDIAN).fma(x0, a0);
      b0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, at + V, LITTLE_ENDIAN).fma(x0, b0);
      FloatVector x1 = FloatVector.broadcast(F, x[xAt + k + 1]);
      a1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, at + COLUMN, LITTLE_ENDIAN).fma(x1, a1);
      b1 =
          FloatVector.fromMemorySegment(F, Scratch.MEMORY, at + COLUMN + V, LITTLE_ENDIAN)
              .fma(x1, b1);
    }
    FloatVector sa = FloatVector.fromArray(F, scales, s);
    FloatVector sb = FloatVector.fromArray(F, scales, s + L);
    a0.add(a1)
        .fma(sa.mul(dx), FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums, LITTLE_ENDIAN);
    b0.add(b1)
        .fma(sb.mul(dx), FloatVector.fromMemorySegment(F, Scratch.MEMORY, sums + V, LITTLE_ENDIAN))
        .intoMemorySegment(Scratch.MEMORY, sums + V, LITTLE_ENDIAN);
  }

  /**
   * Takes off one minimum for each row.
   *
   * @param min integers, or -1 when all are 1
   * @param dmin f32 scales of the minima
   * @param q negative sums of the tokens' codes: first half of eight tokens, second half
   */
  static void minimum(
      float[] mins,
      int min,
      int dmin,
      float[] q,
      int qAt,
      float[] dx,
      int d,
      int dxStride,
      int tokens,
      long sums) {
    FloatVector ma = min < 0 ? ONE : FloatVector.fromArray(F, mins, min);
    FloatVector mb = min < 0 ? ONE : FloatVector.fromArray(F, mins, min + L);
    FloatVector da = FloatVector.fromArray(F, mins, dmin);
    FloatVector db = FloatVector.fromArray(F, mins, dmin + L);
    for (int t = 0; t < tokens; t++) {
      FloatVector x = FloatVector.broadcast(F, dx[d + t * dxStride]);
      FloatVector m = FloatVector.broadcast(F, q[qAt + t] + q[qAt + 8 + t]);
      long to = sums + t * COLUMN;
      ma.mul(m)
          .fma(da.mul(x), FloatVector.fromMemorySegment(F, Scratch.MEMORY, to, LITTLE_ENDIAN))
          .intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
      mb.mul(m)
          .fma(db.mul(x), FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + V, LITTLE_ENDIAN))
          .intoMemorySegment(Scratch.MEMORY, to + V, LITTLE_ENDIAN);
    }
  }

  /** {@link #minimum} with minima for each half of the columns, the second after ROWS. */
  static void minima(
      float[] mins,
      int min,
      int dmin,
      float[] q,
      int qAt,
      float[] dx,
      int d,
      int dxStride,
      int tokens,
      long sums) {
    for (int v = 0; v < 2; v++) {
      FloatVector m0 = FloatVector.fromArray(F, mins, min + v * L);
      FloatVector m1 = FloatVector.fromArray(F, mins, min + v * L + PanelProduct.ROWS);
      FloatVector dm = FloatVector.fromArray(F, mins, dmin + v * L);
      for (int t = 0; t < tokens; t++) {
        FloatVector x = FloatVector.broadcast(F, dx[d + t * dxStride]);
        FloatVector q0 = FloatVector.broadcast(F, q[qAt + t]);
        FloatVector q1 = FloatVector.broadcast(F, q[qAt + 8 + t]);
        long to = sums + t * COLUMN + v * V;
        m0.fma(q0, m1.mul(q1))
            .fma(dm.mul(x), FloatVector.fromMemorySegment(F, Scratch.MEMORY, to, LITTLE_ENDIAN))
            .intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
      }
    }
  }
}
