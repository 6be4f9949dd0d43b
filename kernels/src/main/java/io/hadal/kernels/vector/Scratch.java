package io.hadal.kernels.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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

  /** Memory for {@link AlignedTiles}, as much as a panel. */
  MemorySegment aligned() {
    MemorySegment own = aligned;
    if (own == null) {
      own = Arena.ofAuto().allocate(4L * panel.length, 64);
      aligned = own;
    }
    return own;
  }

  /** Copies rows to the start of {@link #aligned()}, side by side. */
  long align(float[] from, int at, int stride, int rows, int n) {
    MemorySegment to = aligned();
    for (int i = 0; i < rows; i++) {
      MemorySegment.copy(from, at + i * stride, to, ValueLayout.JAVA_FLOAT, 4L * i * n, n);
    }
    return to.address();
  }

  /** At least n floats of unknown content. */
  float[] lanes(int n) {
    if (lanes.length < n) {
      lanes = new float[n];
    }
    return lanes;
  }
}
