package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** f16 d, f16 m, nibbles as in Q4_0: d * q + m. */
final class Q41Decoder extends BlockDecoder {

  Q41Decoder() {
    super(StorageType.Q4_1);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at);
    float m = f16(data, at + 2);
    for (int j = 0; j < 16; j++) {
      int q = u8(data, at + 4 + j);
      out[o + j] = d * (q & 15) + m;
      out[o + 16 + j] = d * (q >> 4) + m;
    }
  }
}
