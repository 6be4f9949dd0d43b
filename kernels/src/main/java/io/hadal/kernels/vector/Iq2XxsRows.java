package io.hadal.kernels.vector;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.Grids;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** IQ2_XXS rows times one input, a row at a time, eight elements a table look-up. */
final class Iq2XxsRows implements RowKernel {
  private static final VectorSpecies<Float> F8 = FloatVector.SPECIES_256;
  private static final VectorSpecies<Integer> I8 = IntVector.SPECIES_256;

  @Override
  public void rows4(Matrix w, int r0, int r1, int r2, int r3, float[] x, int xAt, float[] lanes) {
    row(w, r0, x, xAt, lanes, 0);
    row(w, r1, x, xAt, lanes, 16);
    row(w, r2, x, xAt, lanes, 32);
    row(w, r3, x, xAt, lanes, 48);
  }

  private static void row(Matrix w, int row, float[] x, int xAt, float[] lanes, int at16) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row;
    int cols = w.cols();
    FloatVector a = FloatVector.zero(F8);
    FloatVector b = FloatVector.zero(F8);
    for (int k = 0; k < cols; k += 256) {
      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at));
      for (int g = 0; g < 8; g++) {
        int grid = data.get(Layouts.INT, at + 2 + 8 * g);
        int word = data.get(Layouts.INT, at + 6 + 8 * g);
        int xk = xAt + k + 32 * g;
        FloatVector scale = FloatVector.broadcast(F8, d * ((word >>> 28) * 2 + 1) * 0.125f);
        a =
            FloatVector.fromArray(F8, Grids.IQ2_XXS, ((grid & 255) << 3))
                .mul(scale)
                .reinterpretAsInts()
                .lanewise(
                    VectorOperators.XOR,
                    IntVector.fromArray(I8, SignMasks.MASKS, ((word & 127) << 3)))
                .reinterpretAsFloats()
                .fma(FloatVector.fromArray(F8, x, xk), a);
        b =
            FloatVector.fromArray(F8, Grids.IQ2_XXS, (grid >>> 5 & 0x7f8))
                .mul(scale)
                .reinterpretAsInts()
                .lanewise(
                    VectorOperators.XOR,
                    IntVector.fromArray(I8, SignMasks.MASKS, (word >>> 4 & 0x3f8)))
                .reinterpretAsFloats()
                .fma(FloatVector.fromArray(F8, x, xk + 8), b);
        a =
            FloatVector.fromArray(F8, Grids.IQ2_XXS, (grid >>> 13 & 0x7f8))
                .mul(scale)
                .reinterpretAsInts()
                .lanewise(
                    VectorOperators.XOR,
                    IntVector.fromArray(I8, SignMasks.MASKS, (word >>> 11 & 0x3f8)))
                .reinterpretAsFloats()
                .fma(FloatVector.fromArray(F8, x, xk + 16), a);
        b =
            FloatVector.fromArray(F8, Grids.IQ2_XXS, (grid >>> 21 & 0x7f8))
                .mul(scale)
                .reinterpretAsInts()
                .lanewise(
                    VectorOperators.XOR,
                    IntVector.fromArray(I8, SignMasks.MASKS, (word >>> 18 & 0x3f8)))
                .reinterpretAsFloats()
                .fma(FloatVector.fromArray(F8, x, xk + 24), b);
      }
      at += 66;
    }
    a.intoArray(lanes, at16);
    b.intoArray(lanes, at16 + 8);
  }
}
