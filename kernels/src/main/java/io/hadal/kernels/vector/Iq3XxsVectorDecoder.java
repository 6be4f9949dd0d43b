package io.hadal.kernels.vector;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.Grids;
import io.hadal.kernels.scalar.RowDecoder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** IQ3_XXS. */
final class Iq3XxsVectorDecoder implements RowDecoder {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_128;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_128;

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + (long) (from / 256) * 98;
    for (int o = outOffset; o < outOffset + count; o += 256) {

      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at));
      for (int g = 0; g < 8; g++) {
        int word = data.get(Layouts.INT, at + 66 + 4 * g);
        float scale = d * ((word >>> 28) * 2 + 1) * 0.25f;
        for (int k = 0; k < 8; k++) {
          int entry = data.get(ValueLayout.JAVA_BYTE, at + 2 + 8 * g + k) & 0xff;
          FloatVector v = FloatVector.fromArray(F, Grids.IQ3_XXS, 4 * entry);
          IntVector signs =
              IntVector.fromArray(
                  I, SignMasks.MASKS, 8 * (word >>> 7 * (k >> 1) & 127) + 4 * (k & 1));
          v.mul(scale)
              .reinterpretAsInts()
              .lanewise(VectorOperators.XOR, signs)
              .reinterpretAsFloats()
              .intoArray(out, o + 32 * g + 4 * k);
        }
      }
      at += 98;
    }
  }
}
