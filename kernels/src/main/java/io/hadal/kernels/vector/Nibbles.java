package io.hadal.kernels.vector;

import jdk.incubator.vector.IntVector;

/**
 * Sixteen f32 values as permute tables for 4-bit indices: the low table alone at 512 bits, both
 * below. Users hold them in static finals, as the compiler trusts no other fields.
 */
final class Nibbles {
  private Nibbles() {}

  static IntVector low(float[] values) {
    return IntVector.fromArray(Width.I, bits(values), 0);
  }

  static IntVector high(float[] values) {
    return IntVector.fromArray(Width.I, bits(values), 16 - Width.LENGTH);
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[16];
    for (int i = 0; i < 16; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
