package io.hadal.kernels.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Buffers of one thread, grown as needed and kept. */
final class Scratch {
  private static final ThreadLocal<Scratch> OWN = ThreadLocal.withInitial(Scratch::new);

  /** Decoded weights of a panel. */
  final float[] panel = new float[MatrixProduct.PANEL_ROWS * MatrixProduct.PANEL_COLS];

  private @Nullable MemorySegment aligned;
  private float[] lanes = new float[256];

  static Scratch get() {
    return OWN.get();
  }

  /** Address of at least so many bytes outside the heap, of unknown content, a multiple of 64. */
  long aligned(long bytes) {
    MemorySegment own = aligned;
    if (own == null || own.byteSize() < bytes) {
      own = Arena.ofAuto().allocate(bytes, 64);
      aligned = own;
    }
    return own.address();
  }

  /** At least n floats of unknown content. */
  float[] lanes(int n) {
    if (lanes.length < n) {
      lanes = new float[n];
    }
    return lanes;
  }
}
