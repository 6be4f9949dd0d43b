package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** f16 d; 32 words of a 9-bit grid index and 7 sign bits; 16 4-bit scales. */
final class Iq2XsDecoder extends BlockDecoder {

  Iq2XsDecoder() {
    super(StorageType.IQ2_XS);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at);
    for (int k = 0; k < 32; k++) {
      int word = data.get(SHORT, at + 2 + 2 * k) & 0xffff;
      int s = u8(data, at + 66 + (k >> 2)) >> (k & 2) * 2 & 15;
      float scale = d * (s * 2 + 1) * 0.125f;
      int grid = 8 * (word & 511);
      int signs = Grids.signs(word >> 9);
      for (int i = 0; i < 8; i++) {
        float v = scale * Grids.IQ2_XS[grid + i];
        out[o + 8 * k + i] = (signs >> i & 1) != 0 ? -v : v;
      }
    }
  }
}
