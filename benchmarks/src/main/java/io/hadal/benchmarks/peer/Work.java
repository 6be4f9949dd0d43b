package io.hadal.benchmarks.peer;

import io.hadal.benchmarks.RandomMatrix;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;

/**
 * What all sides of a comparison compute: weights, activations and, with experts, who gets which
 * token.
 *
 * @param weights [units * rows, cols], or [experts * rows, cols] with experts
 * @param units matrices that are visited in turn; one with experts
 * @param rows of one matrix
 * @param experts experts, 0 for a dense product
 * @param used experts a token uses, 0 for a dense product
 * @param tokens activation rows
 * @param x activations [tokens, cols], the same for all units
 */
record Work(Matrix weights, int units, int rows, int experts, int used, int tokens, float[] x) {

  /** Dense products with enough matrices for {@code bytes} of weights. */
  static Work dense(Arena arena, StorageType type, int rows, int cols, int tokens, long bytes) {
    int units = (int) Math.max(1, Math.ceilDiv(bytes, type.bytes(cols) * rows));
    Matrix weights = RandomMatrix.create(arena, type, units * rows, cols, 1);
    return new Work(weights, units, rows, 0, 0, tokens, activations(tokens * cols));
  }

  /** One layer of experts. */
  static Work experts(
      Arena arena, StorageType type, int rows, int cols, int experts, int used, int tokens) {
    Matrix weights = RandomMatrix.create(arena, type, experts * rows, cols, 1);
    return new Work(weights, 1, rows, experts, used, tokens, activations(tokens * cols));
  }

  private static float[] activations(int n) {
    SplittableRandom random = new SplittableRandom(2);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextDouble(-1, 1);
    }
    return x;
  }

  int cols() {
    return weights.cols();
  }

  StorageType type() {
    return weights.type();
  }

  /** The expert of a token's slot: different for all slots of a token, equally many for all. */
  int expert(int token, int slot) {
    return (token * used + slot) % experts;
  }

  Matrix matrix(int i) {
    return weights.slice(i * rows, rows);
  }

  /** Stored bytes of weights that one run reads. */
  double bytes() {
    return (double) weights.rowBytes() * rows * Math.max(1, experts);
  }

  /** Operations of one run, two per weight and token. */
  double operations() {
    return 2.0 * rows * cols() * tokens * Math.max(1, used);
  }
}
