package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** f16 d; per 32 elements four grid indices and a word of 4 x 7 sign bits and a 4-bit scale. */
final class Iq2XxsDecoder extends BlockDecoder {

  Iq2XxsDecoder() {
    super(StorageType.IQ2_XXS);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at);
    for (int g = 0; g < 8; g++) {
      int word = data.get(INT, at + 6 + 8 * g);
      float scale = d * ((word >>> 28) * 2 + 1) * 0.125f;
      for (int k = 0; k < 4; k++) {
        int grid = 8 * u8(data, at + 2 + 8 * g + k);
        int signs = Grids.signs(word >>> 7 * k & 127);
        for (int i = 0; i < 8; i++) {
          float v = scale * Grids.IQ2_XXS[grid + i];
          out[o + 32 * g + 8 * k + i] = (signs >> i & 1) != 0 ? -v : v;
        }
      }
    }
  }
}
