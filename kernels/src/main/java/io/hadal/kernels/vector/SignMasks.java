package io.hadal.kernels.vector;

import io.hadal.kernels.scalar.Grids;

/** Sign bits of eight floats for each 7-bit sign field of the i-quants. */
final class SignMasks {
  static final int[] MASKS = new int[128 * 8];

  static {
    for (int field = 0; field < 128; field++) {
      for (int i = 0; i < 8; i++) {
        MASKS[field * 8 + i] = (Grids.signs(field) >> i & 1) << 31;
      }
    }
  }

  private SignMasks() {}
}
