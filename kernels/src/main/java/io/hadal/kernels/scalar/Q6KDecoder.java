package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales, f16 d: (d * sc) * (q -
 * 32).
 */
final class Q6KDecoder extends BlockDecoder {

  Q6KDecoder() {
    super(StorageType.Q6_K);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at + 208);
    for (int g = 0; g < 16; g++) {
      float scale = d * data.get(ValueLayout.JAVA_BYTE, at + 192 + g);
      int j = g >> 1 & 3;
      long low = at + (g >> 3) * 64 + (j & 1) * 32 + (g & 1) * 16;
      long high = at + 128 + (g >> 3) * 32 + (g & 1) * 16;
      int nibble = (j >> 1) * 4;
      for (int i = 0; i < 16; i++) {
        int q = (u8(data, low + i) >> nibble & 15) | (u8(data, high + i) >> 2 * j & 3) << 4;
        out[o + 16 * g + i] = scale * (q - 32);
      }
    }
  }
}
