package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.TileScales;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * E4M3 rows times one input, for tiles of whole groups of sixteen columns; see {@link
 * F8E4M3VectorDecoder}.
 */
final class F8E4M3Rows implements RowKernel {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;

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
    IntVector code;
    IntVector magnitude;
    IntVector raised;
    FloatVector y;
    int k = 0;
    for (int tile = 0; k < whole; tile++) {
      FloatVector d0 = FloatVector.broadcast(F, TileScales.scale(scales, t0 + tile));
      FloatVector d1 = FloatVector.broadcast(F, TileScales.scale(scales, t1 + tile));
      FloatVector d2 = FloatVector.broadcast(F, TileScales.scale(scales, t2 + tile));
      FloatVector d3 = FloatVector.broadcast(F, TileScales.scale(scales, t3 + tile));
      int stop = Math.min(whole, k + Math.min(width, whole));
      for (; k < stop; k += 16) {
        x0 = FloatVector.fromArray(F, x, xAt + k);
        code =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, p0 + k, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.B2I, I, 0);
        magnitude = code.and(0x7f);
        raised = magnitude.lanewise(VectorOperators.LSHL, 20).add(120 << 23);
        y = raised.reinterpretAsFloats();
        raised =
            raised
                .min(y.add(y).sub(0x1p-6f).reinterpretAsInts())
                .blend(0x7fc00000, magnitude.compare(VectorOperators.EQ, 0x7f));
        a0 = raised.or(code.and(0x80000000)).reinterpretAsFloats().mul(d0).fma(x0, a0);
        code =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, p1 + k, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.B2I, I, 0);
        magnitude = code.and(0x7f);
        raised = magnitude.lanewise(VectorOperators.LSHL, 20).add(120 << 23);
        y = raised.reinterpretAsFloats();
        raised =
            raised
                .min(y.add(y).sub(0x1p-6f).reinterpretAsInts())
                .blend(0x7fc00000, magnitude.compare(VectorOperators.EQ, 0x7f));
        a1 = raised.or(code.and(0x80000000)).reinterpretAsFloats().mul(d1).fma(x0, a1);
        code =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, p2 + k, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.B2I, I, 0);
        magnitude = code.and(0x7f);
        raised = magnitude.lanewise(VectorOperators.LSHL, 20).add(120 << 23);
        y = raised.reinterpretAsFloats();
        raised =
            raised
                .min(y.add(y).sub(0x1p-6f).reinterpretAsInts())
                .blend(0x7fc00000, magnitude.compare(VectorOperators.EQ, 0x7f));
        a2 = raised.or(code.and(0x80000000)).reinterpretAsFloats().mul(d2).fma(x0, a2);
        code =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, p3 + k, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.B2I, I, 0);
        magnitude = code.and(0x7f);
        raised = magnitude.lanewise(VectorOperators.LSHL, 20).add(120 << 23);
        y = raised.reinterpretAsFloats();
        raised =
            raised
                .min(y.add(y).sub(0x1p-6f).reinterpretAsInts())
                .blend(0x7fc00000, magnitude.compare(VectorOperators.EQ, 0x7f));
        a3 = raised.or(code.and(0x80000000)).reinterpretAsFloats().mul(d3).fma(x0, a3);
        if (L == 8) {
          x0 = FloatVector.fromArray(F, x, xAt + k + 8);
          code =
              (IntVector)
                  ByteVector.fromMemorySegment(B, data, p0 + k + 8, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2I, I, 0);
          magnitude = code.and(0x7f);
          raised = magnitude.lanewise(VectorOperators.LSHL, 20).add(120 << 23);
          y = raised.reinterpretAsFloats();
          raised =
              raised
                  .min(y.add(y).sub(0x1p-6f).reinterpretAsInts())
                  .blend(0x7fc00000, magnitude.compare(VectorOperators.EQ, 0x7f));
          b0 = raised.or(code.and(0x80000000)).reinterpretAsFloats().mul(d0).fma(x0, b0);
          code =
              (IntVector)
                  ByteVector.fromMemorySegment(B, data, p1 + k + 8, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2I, I, 0);
          magnitude = code.and(0x7f);
          raised = magnitude.lanewise(VectorOperators.LSHL, 20).add(120 << 23);
          y = raised.reinterpretAsFloats();
          raised =
              raised
                  .min(y.add(y).sub(0x1p-6f).reinterpretAsInts())
                  .blend(0x7fc00000, magnitude.compare(VectorOperators.EQ, 0x7f));
          b1 = raised.or(code.and(0x80000000)).reinterpretAsFloats().mul(d1).fma(x0, b1);
          code =
              (IntVector)
                  ByteVector.fromMemorySegment(B, data, p2 + k + 8, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2I, I, 0);
          magnitude = code.and(0x7f);
          raised = magnitude.lanewise(VectorOperators.LSHL, 20).add(120 << 23);
          y = raised.reinterpretAsFloats();
          raised =
              raised
                  .min(y.add(y).sub(0x1p-6f).reinterpretAsInts())
                  .blend(0x7fc00000, magnitude.compare(VectorOperators.EQ, 0x7f));
          b2 = raised.or(code.and(0x80000000)).reinterpretAsFloats().mul(d2).fma(x0, b2);
          code =
              (IntVector)
                  ByteVector.fromMemorySegment(B, data, p3 + k + 8, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2I, I, 0);
          magnitude = code.and(0x7f);
          raised = magnitude.lanewise(VectorOperators.LSHL, 20).add(120 << 23);
          y = raised.reinterpretAsFloats();
          raised =
              raised
                  .min(y.add(y).sub(0x1p-6f).reinterpretAsInts())
                  .blend(0x7fc00000, magnitude.compare(VectorOperators.EQ, 0x7f));
          b3 = raised.or(code.and(0x80000000)).reinterpretAsFloats().mul(d3).fma(x0, b3);
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
