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

/** IQ2_XS. */
final class Iq2XsVectorDecoder implements RowDecoder {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_256;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_256;

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + (long) (from / 256) * 74;
    for (int o = outOffset; o < outOffset + count; o += 256) {

      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at));
      for (int k = 0; k < 32; k++) {
        int word = data.get(Layouts.SHORT, at + 2 + 2 * k) & 0xffff;
        int s = data.get(ValueLayout.JAVA_BYTE, at + 66 + (k >> 2)) >> (k & 2) * 2 & 15;
        FloatVector v = FloatVector.fromArray(F, Grids.IQ2_XS, 8 * (word & 511));
        IntVector signs = IntVector.fromArray(I, SignMasks.MASKS, 8 * (word >> 9));
        v.mul(d * (s * 2 + 1) * 0.125f)
            .reinterpretAsInts()
            .lanewise(VectorOperators.XOR, signs)
            .reinterpretAsFloats()
            .intoArray(out, o + 8 * k);
      }
      at += 74;
    }
  }
}
