package io.hadal.kernels.scalar;

import io.hadal.kernels.Bf16;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The reference: one output at a time in plain Java. */
public final class ScalarKernels implements Kernels {
  private static final ThreadLocal<float[]> ROW = ThreadLocal.withInitial(() -> new float[0]);
  private static final ThreadLocal<float[]> LANES =
      ThreadLocal.withInitial(() -> new float[Lanes.COUNT]);

  private static float[] row(int n) {
    float[] row = ROW.get();
    if (row.length < n) {
      row = new float[n];
      ROW.set(row);
    }
    return row;
  }

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public void dequantize(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    RowDecoders.decodeRange(RowDecoders.of(w.type()), w, row, from, count, out, outOffset);
  }

  @Override
  public void matmul(
      Matrix w,
      int fromRow,
      int toRow,
      float[] x,
      int xOffset,
      int xStride,
      int tokens,
      float[] y,
      int yOffset,
      int yStride) {
    MatmulArguments.check(w, fromRow, toRow, x, xOffset, xStride, tokens, y, yOffset, yStride);
    RowDecoder decoder = RowDecoders.of(w.type());
    int cols = w.cols();
    float[] row = row(cols);
    float[] lanes = LANES.get();
    for (int r = fromRow; r < toRow; r++) {
      decoder.decode(w, r, 0, cols, row, 0);
      for (int t = 0; t < tokens; t++) {
        y[yOffset + t * yStride + r] = Lanes.dot(row, 0, x, xOffset + t * xStride, cols, lanes);
      }
    }
  }

  @Override
  public float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
    return Lanes.dot(a, aOffset, b, bOffset, n, LANES.get());
  }

  @Override
  public void dots(
      float[] a,
      int aOffset,
      int aStride,
      int aCount,
      float[] b,
      int bOffset,
      int bStride,
      int bCount,
      int n,
      float[] out,
      int outOffset,
      int outStride) {
    float[] lanes = LANES.get();
    for (int i = 0; i < aCount; i++) {
      for (int j = 0; j < bCount; j++) {
        out[outOffset + i * outStride + j] =
            Lanes.dot(a, aOffset + i * aStride, b, bOffset + j * bStride, n, lanes);
      }
    }
  }

  @Override
  public void weightedSums(
      float[] p,
      int pOffset,
      int pStride,
      int pCount,
      float[] rows,
      int rowsOffset,
      int rowStride,
      int rowCount,
      int n,
      float[] out,
      int outOffset,
      int outStride) {
    for (int i = 0; i < pCount; i++) {
      int o = outOffset + i * outStride;
      for (int c = 0; c < n; c++) {
        out[o + c] = 0;
      }
      for (int j = 0; j < rowCount; j++) {
        addScaled(p[pOffset + i * pStride + j], rows, rowsOffset + j * rowStride, out, o, n);
      }
    }
  }

  @Override
  public void addScaled(float a, float[] x, int xOffset, float[] y, int yOffset, int n) {
    for (int i = 0; i < n; i++) {
      y[yOffset + i] = Math.fma(a, x[xOffset + i], y[yOffset + i]);
    }
  }

  @Override
  public float max(float[] x, int offset, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, x[offset + i]);
    }
    return max;
  }

  @Override
  public float expAndSum(float[] x, int offset, int n, float shift) {
    float[] lanes = LANES.get();
    Arrays.fill(lanes, 0);
    for (int i = 0; i < n; i++) {
      float e = Exponential.exp(x[offset + i] - shift);
      x[offset + i] = e;
      lanes[i & 15] += e;
    }
    return Lanes.fold(lanes, 0);
  }

  @Override
  public void rmsNorm(
      float[] x,
      int xOffset,
      int n,
      float @Nullable [] weight,
      float eps,
      float[] out,
      int outOffset) {
    float r = inverseRms(dot(x, xOffset, x, xOffset, n), n, eps);
    for (int i = 0; i < n; i++) {
      float v = x[xOffset + i] * r;
      out[outOffset + i] = weight == null ? v : weight[i] * v;
    }
  }

  /** {@code 1 / sqrt(squares / n + eps)}: the mean in f32, the rest in double, rounded once. */
  public static float inverseRms(float squares, int n, float eps) {
    return (float) (1.0 / Math.sqrt((double) (squares / n) + eps));
  }

  @Override
  public void swiglu(
      float[] gate,
      int gateOffset,
      float[] up,
      int upOffset,
      int n,
      float limit,
      float scale,
      float[] out,
      int outOffset) {
    for (int i = 0; i < n; i++) {
      out[outOffset + i] = swiglu(gate[gateOffset + i], up[upOffset + i], limit, scale);
    }
  }

  /** One element of {@link #swiglu}; comparisons are written so that NaN passes. */
  public static float swiglu(float gate, float up, float limit, float scale) {
    float g = gate > limit ? limit : gate;
    float u = up > limit ? limit : up;
    u = u < -limit ? -limit : u;
    float silu = g / (1 + Exponential.exp(-g));
    return silu * u * scale;
  }

  @Override
  public void roundBf16(float[] x, int offset, int n) {
    for (int i = offset; i < offset + n; i++) {
      x[i] = Bf16.round(x[i]);
    }
  }

  @Override
  public void hadamard(float[] x, int offset, int n, float scale) {
    if (Integer.bitCount(n) != 1) {
      throw new IllegalArgumentException("length " + n + " is no power of two");
    }
    for (int h = 1; h < n; h *= 2) {
      for (int i = offset; i < offset + n; i += 2 * h) {
        for (int j = i; j < i + h; j++) {
          float a = x[j];
          float b = x[j + h];
          x[j] = a + b;
          x[j + h] = a - b;
        }
      }
    }
    for (int i = offset; i < offset + n; i++) {
      x[i] *= scale;
    }
  }
}
