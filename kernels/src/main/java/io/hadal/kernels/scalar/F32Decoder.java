package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** IEEE single. */
final class F32Decoder extends BlockDecoder {

  F32Decoder() {
    super(StorageType.F32);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {
    out[o] = Float.intBitsToFloat(data.get(INT, at));
  }
}
