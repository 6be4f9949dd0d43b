package io.hadal.model.engram;

import io.hadal.kernels.Matrix;
import java.util.function.IntConsumer;

/** How the caller runs linear layers and spreads tokens over its threads. */
@FunctionalInterface
public interface Linear {

  /** {@code y[t] = W x[t]} for every token, with the roundings of the caller's numeric mode. */
  void apply(Matrix w, float[] x, int xStride, int tokens, float[] y, int yStride);

  /** Runs a task for each token, in any order. */
  default void forEachToken(int tokens, IntConsumer task) {
    for (int t = 0; t < tokens; t++) {
      task.accept(t);
    }
  }
}
