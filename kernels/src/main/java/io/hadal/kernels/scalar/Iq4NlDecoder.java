package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** f16 d, nibbles as in Q4_0 that index a fixed non-linear table. */
final class Iq4NlDecoder extends BlockDecoder {

  Iq4NlDecoder() {
    super(StorageType.IQ4_NL);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at);
    for (int j = 0; j < 16; j++) {
      int q = u8(data, at + 2 + j);
      out[o + j] = d * Grids.IQ4[q & 15];
      out[o + 16 + j] = d * Grids.IQ4[q >> 4];
    }
  }
}
