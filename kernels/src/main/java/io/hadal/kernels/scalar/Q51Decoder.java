package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** f16 d, f16 m, 32 fifth bits, nibbles as in Q4_0: d * q + m. */
final class Q51Decoder extends BlockDecoder {

  Q51Decoder() {
    super(StorageType.Q5_1);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at);
    float m = f16(data, at + 2);
    int high = data.get(INT, at + 4);
    for (int j = 0; j < 16; j++) {
      int q = u8(data, at + 8 + j);
      out[o + j] = d * ((q & 15) | ((high >>> j) & 1) << 4) + m;
      out[o + 16 + j] = d * ((q >> 4) | ((high >>> (j + 16)) & 1) << 4) + m;
    }
  }
}
