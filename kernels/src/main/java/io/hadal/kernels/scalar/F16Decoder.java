package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** IEEE half. */
final class F16Decoder extends BlockDecoder {

  F16Decoder() {
    super(StorageType.F16);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {
    out[o] = f16(data, at);
  }
}
