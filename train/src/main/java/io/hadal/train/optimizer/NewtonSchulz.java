package io.hadal.train.optimizer;

import io.hadal.kernels.Gemm;
import io.hadal.kernels.Kernels;

/** The nearest matrix with equal singular values, about: the iteration of V4 spec 11. */
final class NewtonSchulz {
  /** Steps that lift small singular values fast, behind them steps that settle at 1. */
  private static final float[] LIFT = {3.4445f, -4.7750f, 2.0315f};

  private static final float[] SETTLE = {2, -1.5f, 0.5f};
  private static final int LIFTS = 8;
  private static final int SETTLES = 2;

  private static final float[] NOTHING = {};

  private final Kernels kernels = Kernels.get();
  private final Gemm gemm = Gemm.get();
  private int rows;
  private int columns;
  private float[] x = new float[0];
  private float[] next = new float[0];
  private float[] gram = new float[0];
  private float[] polynomial = new float[0];

  /** Where the values of a matrix go, row-major; what lies behind them does not matter. */
  float[] input(int newRows, int newColumns) {
    rows = newRows;
    columns = newColumns;
    int size = rows * columns;
    int small = Math.min(rows, columns);
    if (x.length < size) {
      x = new float[size];
    }
    if (next.length < size) {
      next = new float[size];
    }
    if (gram.length < small * small) {
      gram = new float[small * small];
      polynomial = new float[small * small];
    }
    return x;
  }

  /**
   * Brings the singular values of the input near 1.
   *
   * @return the result, good until the next input; empty when the input is zero
   */
  float[] run() {
    int size = rows * columns;
    float largest = 0;
    for (int i = 0; i < size; i++) {
      largest = Math.max(largest, Math.abs(x[i]));
    }
    if (largest < Float.MIN_NORMAL) {
      return NOTHING;
    }
    // By the largest value first: squares of small ones vanish.
    for (int i = 0; i < size; i++) {
      x[i] /= largest;
    }
    float norm = (float) Math.sqrt(kernels.dot(x, 0, x, 0, size));
    for (int i = 0; i < size; i++) {
      x[i] /= norm;
    }
    for (int i = 0; i < LIFTS + SETTLES; i++) {
      iterate(i < LIFTS ? LIFT : SETTLE);
    }
    return x;
  }

  /**
   * One step of {@code aX + b(XXᵀ)X + c(XXᵀ)²X}, or with the smaller {@code XᵀX} from the right.
   */
  private void iterate(float[] c) {
    boolean wide = rows <= columns;
    int n = wide ? rows : columns;
    int k = wide ? columns : rows;
    if (wide) {
      gemm.multiply(n, n, k, x, 0, columns, 1, x, 0, 1, columns, gram, 0, n, false);
    } else {
      gemm.multiply(n, n, k, x, 0, 1, columns, x, 0, columns, 1, gram, 0, n, false);
    }
    gemm.multiply(n, n, n, gram, 0, n, 1, gram, 0, n, 1, polynomial, 0, n, false);
    for (int i = 0; i < n * n; i++) {
      polynomial[i] = c[1] * gram[i] + c[2] * polynomial[i];
    }
    for (int i = 0; i < n; i++) {
      polynomial[i * n + i] += c[0];
    }
    if (wide) {
      gemm.multiply(
          rows, columns, n, polynomial, 0, n, 1, x, 0, columns, 1, next, 0, columns, false);
    } else {
      gemm.multiply(
          rows, columns, n, x, 0, columns, 1, polynomial, 0, n, 1, next, 0, columns, false);
    }
    float[] old = x;
    x = next;
    next = old;
  }
}
