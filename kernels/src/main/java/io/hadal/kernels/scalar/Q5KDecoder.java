package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** As Q4_K with 32 bytes of fifth bits before the nibbles. */
final class Q5KDecoder extends BlockDecoder {

  Q5KDecoder() {
    super(StorageType.Q5_K);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at);
    float dmin = f16(data, at + 2);
    int s0 = data.get(INT, at + 4);
    int s1 = data.get(INT, at + 8);
    int s2 = data.get(INT, at + 12);
    long scales = KScales.scales(s0, s2);
    long mins = KScales.mins(s1, s2);
    for (int c = 0; c < 4; c++) {
      float scale0 = d * (scales >>> 16 * c & 63);
      float scale1 = d * (scales >>> 16 * c + 8 & 63);
      float min0 = dmin * (mins >>> 16 * c & 63);
      float min1 = dmin * (mins >>> 16 * c + 8 & 63);

      for (int i = 0; i < 32; i++) {
        int q = u8(data, at + 48 + 32 * c + i);
        int high = u8(data, at + 16 + i) >> 2 * c;
        out[o + 64 * c + i] = scale0 * ((q & 15) | (high & 1) << 4) - min0;
        out[o + 64 * c + 32 + i] = scale1 * ((q >> 4) | (high >> 1 & 1) << 4) - min1;
      }
    }
  }
}
