package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** f16 d, 32 fifth bits, nibbles as in Q4_0: d * (q - 16). */
final class Q50Decoder extends BlockDecoder {

  Q50Decoder() {
    super(StorageType.Q5_0);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at);
    int high = data.get(INT, at + 2);
    for (int j = 0; j < 16; j++) {
      int q = u8(data, at + 6 + j);
      out[o + j] = d * (((q & 15) | ((high >>> j) & 1) << 4) - 16);
      out[o + 16 + j] = d * (((q >> 4) | ((high >>> (j + 16)) & 1) << 4) - 16);
    }
  }
}
