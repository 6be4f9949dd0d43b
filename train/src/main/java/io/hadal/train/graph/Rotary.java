package io.hadal.train.graph;

import io.hadal.kernels.Rope;
import io.hadal.model.config.RopeConfig;

/** Cosines and sines of all positions of a span for one kind of layer. */
final class Rotary {
  private final Rope rope;
  private final int half;
  private float[][] cos = new float[0][];
  private float[][] sin = new float[0][];

  Rotary(int dim, RopeConfig config) {
    this.rope = new Rope(config.frequencies(dim));
    this.half = dim / 2;
  }

  /** Makes positions 0 .. length - 1 ready; not safe beside {@link #rotate}. */
  void require(int length) {
    if (cos.length >= length) {
      return;
    }
    cos = new float[length][half];
    sin = new float[length][half];
    for (int p = 0; p < length; p++) {
      rope.cosSin(p, cos[p], sin[p]);
    }
  }

  void rotate(float[] x, int offset, int position, boolean inverse) {
    Rope.rotate(x, offset, cos[position], sin[position], inverse);
  }
}
