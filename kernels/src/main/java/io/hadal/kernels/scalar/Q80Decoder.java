package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** f16 d, 32 signed bytes: d * q. */
final class Q80Decoder extends BlockDecoder {

  Q80Decoder() {
    super(StorageType.Q8_0);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float d = f16(data, at);
    for (int j = 0; j < 32; j++) {
      out[o + j] = d * data.get(ValueLayout.JAVA_BYTE, at + 2 + j);
    }
  }
}
