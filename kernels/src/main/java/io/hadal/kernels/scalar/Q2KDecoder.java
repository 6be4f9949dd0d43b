package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** 16 bytes of 4-bit scale and minimum (one per 16), 64 bytes of 2-bit q, f16 d, f16 dmin. */
final class Q2KDecoder extends BlockDecoder {

  Q2KDecoder() {
    super(StorageType.Q2_K);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at + 80);
    float dmin = f16(data, at + 82);
    for (int g = 0; g < 16; g++) {
      int s = u8(data, at + g);
      float scale = d * (s & 15);
      float min = dmin * (s >> 4);
      int shift = g & 6;
      long q = at + 16 + (g >> 3) * 32 + (g & 1) * 16;
      for (int i = 0; i < 16; i++) {
        out[o + 16 * g + i] = scale * ((u8(data, q + i) >> shift) & 3) - min;
      }
    }
  }
}
