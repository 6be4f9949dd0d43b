package io.hadal.kernels.vector;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.Grids;
import io.hadal.kernels.scalar.RowDecoder;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** IQ2_XXS: eight magnitudes and eight signs a table look-up. */
final class Iq2XxsVectorDecoder implements RowDecoder {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_256;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_256;

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + (long) (from / 256) * 66;
    for (int o = outOffset; o < outOffset + count; o += 256) {

      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at));
      for (int g = 0; g < 8; g++) {
        long group = data.get(Layouts.LONG, at + 2 + 8 * g);
        int word = (int) (group >>> 32);
        float scale = d * ((word >>> 28) * 2 + 1) * 0.125f;
        for (int k = 0; k < 4; k++) {
          FloatVector v =
              FloatVector.fromArray(F, Grids.IQ2_XXS, 8 * ((int) (group >>> 8 * k) & 255));
          IntVector signs = IntVector.fromArray(I, SignMasks.MASKS, 8 * (word >>> 7 * k & 127));
          v.mul(scale)
              .reinterpretAsInts()
              .lanewise(VectorOperators.XOR, signs)
              .reinterpretAsFloats()
              .intoArray(out, o + 32 * g + 8 * k);
        }
      }
      at += 66;
    }
  }
}
