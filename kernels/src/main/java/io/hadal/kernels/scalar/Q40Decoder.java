package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** f16 d, 16 bytes of nibbles (low: elements 0..15, high: 16..31): d * (q - 8). */
final class Q40Decoder extends BlockDecoder {

  Q40Decoder() {
    super(StorageType.Q4_0);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at);
    for (int j = 0; j < 16; j++) {
      int q = u8(data, at + 2 + j);
      out[o + j] = d * ((q & 15) - 8);
      out[o + 16 + j] = d * ((q >> 4) - 8);
    }
  }
}
