package io.hadal.kernels.scalar;

import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;

/** E8M0 scale byte, nibbles as in Q4_0 that hold E2M1 codes. */
final class Mxfp4Decoder extends BlockDecoder {

  Mxfp4Decoder() {
    super(StorageType.MXFP4);
  }

  @Override
  void block(MemorySegment data, long at, float[] out, int o) {

    float half = Grids.mxfp4HalfScale(u8(data, at));
    for (int j = 0; j < 16; j++) {
      int q = u8(data, at + 1 + j);
      out[o + j] = half * Grids.DOUBLED_E2M1[q & 15];
      out[o + 16 + j] = half * Grids.DOUBLED_E2M1[q >> 4];
    }
  }
}
