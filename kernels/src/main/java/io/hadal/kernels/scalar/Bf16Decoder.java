package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** The upper half of an IEEE single. */
final class Bf16Decoder extends BlockDecoder {

  Bf16Decoder() {
    super(StorageType.BF16);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {
    out[o] = Float.intBitsToFloat(data.get(SHORT, at) << 16);
  }
}
