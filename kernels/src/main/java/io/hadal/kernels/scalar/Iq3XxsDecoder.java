package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** f16 d; 64 grid indices (4 elements each); 8 words of 4 x 7 sign bits and a 4-bit scale. */
final class Iq3XxsDecoder extends BlockDecoder {

  Iq3XxsDecoder() {
    super(StorageType.IQ3_XXS);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at);
    for (int g = 0; g < 8; g++) {
      int word = data.get(INT, at + 66 + 4 * g);
      float scale = d * ((word >>> 28) * 2 + 1) * 0.25f;
      for (int k = 0; k < 8; k++) {
        int grid = 4 * u8(data, at + 2 + 8 * g + k);
        int signs = Grids.signs(word >>> 7 * (k >> 1) & 127) >> (k & 1) * 4;
        for (int i = 0; i < 4; i++) {
          float v = scale * Grids.IQ3_XXS[grid + i];
          out[o + 32 * g + 4 * k + i] = (signs >> i & 1) != 0 ? -v : v;
        }
      }
    }
  }
}
