package io.hadal.kernels.scalar;

import io.hadal.kernels.TrainingKernels;

/** The reference. */
public final class ScalarTrainingKernels implements TrainingKernels {

  @Override
  public void scale(float factor, float[] x, int offset, int n) {
    for (int i = offset; i < offset + n; i++) {
      x[i] = factor * x[i];
    }
  }

  @Override
  public void multiply(
      float[] a, int aOffset, float[] b, int bOffset, float[] out, int outOffset, int n) {
    for (int i = 0; i < n; i++) {
      out[outOffset + i] = a[aOffset + i] * b[bOffset + i];
    }
  }

  @Override
  public void addProduct(
      float factor, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset, int n) {
    for (int i = 0; i < n; i++) {
      y[yOffset + i] = Math.fma(factor * a[aOffset + i], b[bOffset + i], y[yOffset + i]);
    }
  }

  @Override
  public void softmaxBackward(
      float[] p,
      int pOffset,
      float[] dp,
      int dpOffset,
      float mean,
      float scale,
      float[] out,
      int outOffset,
      int n) {
    for (int i = 0; i < n; i++) {
      out[outOffset + i] = (scale * p[pOffset + i]) * (dp[dpOffset + i] - mean);
    }
  }

  @Override
  public void swigluBackward(
      float[] gate,
      int gateOffset,
      float[] up,
      int upOffset,
      float[] dh,
      int dhOffset,
      int n,
      float limit,
      float scale,
      float[] dGate,
      int dGateOffset,
      float[] dUp,
      int dUpOffset) {
    for (int i = 0; i < n; i++) {
      float g = gate[gateOffset + i];
      float u = up[upOffset + i];
      float d = scale * dh[dhOffset + i];
      float clampedG = g > limit ? limit : g;
      float clampedU = u > limit ? limit : u < -limit ? -limit : u;
      float sigmoid = 1 / (Exponential.exp(-clampedG) + 1);
      float silu = clampedG * sigmoid;
      float slope = Math.fma(silu, 1 - sigmoid, sigmoid);
      dGate[dGateOffset + i] = g > limit ? 0 : (d * clampedU) * slope;
      dUp[dUpOffset + i] = u > limit || u < -limit ? 0 : d * silu;
    }
  }

  @Override
  public void adam(
      float[] w,
      float[] gradient,
      float[] m,
      float[] v,
      int offset,
      int n,
      float gradientScale,
      float beta1,
      float beta2,
      float step,
      float root,
      float eps,
      float decay) {
    for (int i = offset; i < offset + n; i++) {
      float g = gradientScale * gradient[i];
      m[i] = Math.fma(1 - beta1, g - m[i], m[i]);
      v[i] = Math.fma(1 - beta2, Math.fma(g, g, -v[i]), v[i]);
      float kept = Math.fma(-decay, w[i], w[i]);
      w[i] = kept - (step * m[i]) / Math.fma((float) Math.sqrt(v[i]), root, eps);
    }
  }

  @Override
  public void sinkhorn(
      float[] comb,
      int offset,
      int stride,
      int count,
      int streams,
      int iterations,
      float eps,
      float[] sums,
      float[] soft) {
    for (int t = 0; t < count; t++) {
      sinkhornToken(comb, offset + t, stride, t, count, streams, iterations, eps, sums, soft);
    }
  }

  /** One token. */
  public static void sinkhornToken(
      float[] comb,
      int at,
      int stride,
      int t,
      int count,
      int s,
      int iterations,
      float eps,
      float[] sums,
      float[] soft) {
    for (int j = 0; j < s; j++) {
      float max = Float.NEGATIVE_INFINITY;
      for (int k = 0; k < s; k++) {
        max = Math.max(max, comb[at + (j * s + k) * stride]);
      }
      float sum = 0;
      for (int k = 0; k < s; k++) {
        int i = at + (j * s + k) * stride;
        comb[i] = Exponential.exp(comb[i] - max);
        sum += comb[i];
      }
      float r = 1 / sum;
      for (int k = 0; k < s; k++) {
        int i = at + (j * s + k) * stride;
        float p = comb[i] * r;
        soft[(j * s + k) * count + t] = p;
        comb[i] = p + eps;
      }
    }
    for (int half = 0; half < 2 * iterations - 1; half++) {
      int line = half % 2 == 0 ? stride : s * stride;
      int along = half % 2 == 0 ? s * stride : stride;
      for (int j = 0; j < s; j++) {
        int first = at + j * line;
        float sum = eps;
        for (int k = 0; k < s; k++) {
          sum += comb[first + k * along];
        }
        sums[(half * s + j) * count + t] = sum;
        float r = 1 / sum;
        for (int k = 0; k < s; k++) {
          comb[first + k * along] *= r;
        }
      }
    }
  }

  @Override
  public void sinkhornBackward(
      float[] comb,
      float[] gradient,
      int offset,
      int stride,
      int count,
      int streams,
      int iterations,
      float[] sums,
      float[] soft) {
    for (int t = 0; t < count; t++) {
      backwardToken(comb, gradient, offset + t, stride, t, count, streams, iterations, sums, soft);
    }
  }

  /** One token. */
  public static void backwardToken(
      float[] comb,
      float[] gradient,
      int at,
      int stride,
      int t,
      int count,
      int s,
      int iterations,
      float[] sums,
      float[] soft) {
    for (int half = 2 * iterations - 2; half >= 0; half--) {
      int line = half % 2 == 0 ? stride : s * stride;
      int along = half % 2 == 0 ? s * stride : stride;
      for (int j = 0; j < s; j++) {
        int first = at + j * line;
        float mean = 0;
        for (int k = 0; k < s; k++) {
          mean = Math.fma(gradient[first + k * along], comb[first + k * along], mean);
        }
        float sum = sums[(half * s + j) * count + t];
        float r = 1 / sum;
        for (int k = 0; k < s; k++) {
          int i = first + k * along;
          gradient[i] = (gradient[i] - mean) * r;
          // What was divided, for the step before.
          comb[i] *= sum;
        }
      }
    }
    for (int j = 0; j < s; j++) {
      float mean = 0;
      for (int k = 0; k < s; k++) {
        mean = Math.fma(gradient[at + (j * s + k) * stride], soft[(j * s + k) * count + t], mean);
      }
      for (int k = 0; k < s; k++) {
        int i = at + (j * s + k) * stride;
        gradient[i] = (gradient[i] - mean) * soft[(j * s + k) * count + t];
      }
    }
  }
}
