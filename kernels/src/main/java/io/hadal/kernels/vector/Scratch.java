package io.hadal.kernels.vector;

/** Buffers of one thread, grown as needed and kept. */
final class Scratch {
  private static final ThreadLocal<Scratch> OWN = ThreadLocal.withInitial(Scratch::new);

  /** Decoded weights of a panel. */
  final float[] panel = new float[MatrixProduct.PANEL_ROWS * MatrixProduct.PANEL_COLS];

  private float[] lanes = new float[256];

  static Scratch get() {
    return OWN.get();
  }

  /** At least n floats of unknown content. */
  float[] lanes(int n) {
    if (lanes.length < n) {
      lanes = new float[n];
    }
    return lanes;
  }
}
