package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** f16 d, 8 6-bit scales (2 high bits in one word, 4 low bits in 4 bytes), nibbles as in IQ4_NL. */
final class Iq4XsDecoder extends BlockDecoder {

  Iq4XsDecoder() {
    super(StorageType.IQ4_XS);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at);
    int high = data.get(SHORT, at + 2) & 0xffff;
    for (int g = 0; g < 8; g++) {
      int low = u8(data, at + 4 + (g >> 1)) >> (g & 1) * 4 & 15;
      float scale = d * ((low | (high >> 2 * g & 3) << 4) - 32);
      for (int j = 0; j < 16; j++) {
        int q = u8(data, at + 8 + 16 * g + j);
        out[o + 32 * g + j] = scale * Grids.IQ4[q & 15];
        out[o + 32 * g + 16 + j] = scale * Grids.IQ4[q >> 4];
      }
    }
  }
}
