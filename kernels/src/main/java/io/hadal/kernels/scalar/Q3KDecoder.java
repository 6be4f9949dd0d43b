package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** 32 bytes of third bits, 64 bytes of 2-bit q, 16 6-bit scales in 12 bytes, f16 d. */
final class Q3KDecoder extends BlockDecoder {

  Q3KDecoder() {
    super(StorageType.Q3_K);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at + 108);
    for (int g = 0; g < 16; g++) {
      int low = u8(data, at + 96 + (g & 7)) >> (g >> 3) * 4 & 15;
      int high = u8(data, at + 104 + (g & 3)) >> (g >> 2) * 2 & 3;
      float scale = d * ((low | high << 4) - 32);
      int shift = g & 6;
      long q = at + 32 + (g >> 3) * 32 + (g & 1) * 16;
      long mask = at + (g & 1) * 16;
      int bit = g >> 1;
      for (int i = 0; i < 16; i++) {
        int third = u8(data, mask + i) >> bit & 1;
        out[o + 16 * g + i] = scale * ((u8(data, q + i) >> shift & 3) - 4 + 4 * third);
      }
    }
  }
}
