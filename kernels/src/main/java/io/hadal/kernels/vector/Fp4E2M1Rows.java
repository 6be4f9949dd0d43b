package io.hadal.kernels.vector;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Fp4;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.TileScales;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * E2M1 rows times one input, for tiles of whole groups of sixteen columns; see {@link
 * Fp4E2M1VectorDecoder}.
 */
final class Fp4E2M1Rows implements RowKernel {
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;
  private static final IntVector SHIFTS = IntVector.broadcast(I, 0).addIndex(4).and(28);

  /** Lanes that read the second word of eight nibbles. */
  private static final VectorMask<Integer> SECOND = VectorMask.fromLong(I, L == 16 ? 0xff00 : 0);

  private static final IntVector LOW = Nibbles.low(Fp4.values());
  private static final IntVector HIGH = Nibbles.high(Fp4.values());

  @Override
  public void rows4(Matrix w, int r0, int r1, int r2, int r3, float[] x, int xAt, float[] lanes) {
    MemorySegment data = w.data();
    BlockScales scales = TileScales.of(w);
    int whole = w.cols() & -16;
    int width = scales.tileCols();
    long p0 = w.rowBytes() * r0;
    long p1 = w.rowBytes() * r1;
    long p2 = w.rowBytes() * r2;
    long p3 = w.rowBytes() * r3;
    long t0 = TileScales.firstTile(w, scales, r0);
    long t1 = TileScales.firstTile(w, scales, r1);
    long t2 = TileScales.firstTile(w, scales, r2);
    long t3 = TileScales.firstTile(w, scales, r3);
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    FloatVector b2 = FloatVector.zero(F);
    FloatVector b3 = FloatVector.zero(F);
    FloatVector x0;
    IntVector q;
    int k = 0;
    for (int tile = 0; k < whole; tile++) {
      FloatVector d0 = FloatVector.broadcast(F, TileScales.scale(scales, t0 + tile));
      FloatVector d1 = FloatVector.broadcast(F, TileScales.scale(scales, t1 + tile));
      FloatVector d2 = FloatVector.broadcast(F, TileScales.scale(scales, t2 + tile));
      FloatVector d3 = FloatVector.broadcast(F, TileScales.scale(scales, t3 + tile));
      int stop = Math.min(whole, k + Math.min(width, whole));
      for (; k < stop; k += 16) {
        long at = k >> 1;
        x0 = FloatVector.fromArray(F, x, xAt + k);
        q = IntVector.broadcast(I, data.get(Layouts.INT, p0 + at));
        if (L == 16) {
          q = q.blend(IntVector.broadcast(I, data.get(Layouts.INT, p0 + at + 4)), SECOND);
        }
        q = q.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        a0 = q.reinterpretAsFloats().mul(d0).fma(x0, a0);
        q = IntVector.broadcast(I, data.get(Layouts.INT, p1 + at));
        if (L == 16) {
          q = q.blend(IntVector.broadcast(I, data.get(Layouts.INT, p1 + at + 4)), SECOND);
        }
        q = q.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        a1 = q.reinterpretAsFloats().mul(d1).fma(x0, a1);
        q = IntVector.broadcast(I, data.get(Layouts.INT, p2 + at));
        if (L == 16) {
          q = q.blend(IntVector.broadcast(I, data.get(Layouts.INT, p2 + at + 4)), SECOND);
        }
        q = q.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        a2 = q.reinterpretAsFloats().mul(d2).fma(x0, a2);
        q = IntVector.broadcast(I, data.get(Layouts.INT, p3 + at));
        if (L == 16) {
          q = q.blend(IntVector.broadcast(I, data.get(Layouts.INT, p3 + at + 4)), SECOND);
        }
        q = q.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        a3 = q.reinterpretAsFloats().mul(d3).fma(x0, a3);
        if (L == 8) {
          x0 = FloatVector.fromArray(F, x, xAt + k + 8);
          q = IntVector.broadcast(I, data.get(Layouts.INT, p0 + at + 4));
          q = q.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
          q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
          b0 = q.reinterpretAsFloats().mul(d0).fma(x0, b0);
          q = IntVector.broadcast(I, data.get(Layouts.INT, p1 + at + 4));
          q = q.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
          q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
          b1 = q.reinterpretAsFloats().mul(d1).fma(x0, b1);
          q = IntVector.broadcast(I, data.get(Layouts.INT, p2 + at + 4));
          q = q.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
          q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
          b2 = q.reinterpretAsFloats().mul(d2).fma(x0, b2);
          q = IntVector.broadcast(I, data.get(Layouts.INT, p3 + at + 4));
          q = q.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
          q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
          b3 = q.reinterpretAsFloats().mul(d3).fma(x0, b3);
        }
      }
    }
    a0.intoArray(lanes, 0);
    a1.intoArray(lanes, 16);
    a2.intoArray(lanes, 32);
    a3.intoArray(lanes, 48);
    if (L == 8) {
      b0.intoArray(lanes, 8);
      b1.intoArray(lanes, 24);
      b2.intoArray(lanes, 40);
      b3.intoArray(lanes, 56);
    }
  }
}
