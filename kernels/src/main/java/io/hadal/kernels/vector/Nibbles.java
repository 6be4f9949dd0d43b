package io.hadal.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** Look-up of sixteen f32 values by 4-bit index: one permute at 512 bits, two below. */
final class Nibbles {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;

  private final IntVector low;
  private final IntVector high;

  Nibbles(float[] values) {
    int[] bits = new int[16];
    for (int i = 0; i < 16; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    low = IntVector.fromArray(I, bits, 0);
    high = IntVector.fromArray(I, bits, 16 - L);
  }

  /** The values at indices 0..15. */
  FloatVector at(IntVector index) {
    IntVector bits = L == 16 ? index.selectFrom(low) : index.selectFrom(low, high);
    return bits.reinterpretAsFloats();
  }
}
