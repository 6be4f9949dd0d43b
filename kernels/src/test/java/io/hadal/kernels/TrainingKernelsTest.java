package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.kernels.scalar.ScalarTrainingKernels;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Same bits in both implementations, and the mathematics of the reference. */
class TrainingKernelsTest {
  private static final TrainingKernels SCALAR = new ScalarTrainingKernels();
  private static final TrainingKernels KERNELS = TrainingKernels.get();

  @Test
  void elementOperationsAgree() {
    Random random = new Random(1);
    for (int n = 0; n < 100; n++) {
      float[] a = TestArrays.gaussian(random, n + 3);
      float[] b = TestArrays.gaussian(random, n + 2);
      float[] d = TestArrays.gaussian(random, n + 1);
      float[] expected = TestArrays.gaussian(random, n + 1);
      float[] actual = expected.clone();
      SCALAR.addProduct(0.7f, a, 3, b, 2, expected, 1, n);
      KERNELS.addProduct(0.7f, a, 3, b, 2, actual, 1, n);
      SCALAR.scale(1.3f, expected, 1, n);
      KERNELS.scale(1.3f, actual, 1, n);
      TestArrays.assertSameBits("addProduct", expected, actual);
      SCALAR.multiply(a, 3, b, 2, expected, 1, n);
      KERNELS.multiply(a, 3, b, 2, actual, 1, n);
      TestArrays.assertSameBits("multiply", expected, actual);
      SCALAR.softmaxBackward(a, 3, b, 2, 0.3f, 0.5f, expected, 1, n);
      KERNELS.softmaxBackward(a, 3, b, 2, 0.3f, 0.5f, actual, 1, n);
      TestArrays.assertSameBits("softmaxBackward", expected, actual);
      float[] expectedUp = new float[n];
      float[] actualUp = new float[n];
      SCALAR.swigluBackward(a, 3, b, 2, d, 1, n, 1, 0.4f, expected, 1, expectedUp, 0);
      KERNELS.swigluBackward(a, 3, b, 2, d, 1, n, 1, 0.4f, actual, 1, actualUp, 0);
      TestArrays.assertSameBits("dGate", expected, actual);
      TestArrays.assertSameBits("dUp", expectedUp, actualUp);
    }
  }

  @Test
  void swigluBackwardIsTheSlope() {
    Random random = new Random(2);
    Kernels kernels = Kernels.get();
    for (int round = 0; round < 200; round++) {
      float[] g = {(float) random.nextGaussian() * 2};
      float[] u = {(float) random.nextGaussian() * 2};
      float[] dg = new float[1];
      float[] du = new float[1];
      KERNELS.swigluBackward(g, 0, u, 0, new float[] {1}, 0, 1, 1.5f, 0.4f, dg, 0, du, 0);
      if (nearCorner(g[0]) || nearCorner(u[0])) {
        continue;
      }
      assertThat((double) dg[0]).isCloseTo(slope(kernels, g, u, g), within(2e-3));
      assertThat((double) du[0]).isCloseTo(slope(kernels, g, u, u), within(2e-3));
    }
  }

  private static boolean nearCorner(float x) {
    return Math.abs(Math.abs(x) - 1.5) < 2e-2;
  }

  private static double slope(Kernels kernels, float[] g, float[] u, float[] varied) {
    float[] out = new float[1];
    float at = varied[0];
    varied[0] = at + 1e-2f;
    kernels.swiglu(g, 0, u, 0, 1, 1.5f, 0.4f, out, 0);
    double high = out[0];
    varied[0] = at - 1e-2f;
    kernels.swiglu(g, 0, u, 0, 1, 1.5f, 0.4f, out, 0);
    varied[0] = at;
    return (high - out[0]) / 2e-2;
  }

  @Test
  void adamAgreesAndMovesAgainstTheGradient() {
    Random random = new Random(3);
    for (int n = 1; n < 80; n++) {
      float[] w = TestArrays.gaussian(random, n);
      float[] g = TestArrays.gaussian(random, n);
      float[] m = new float[n];
      float[] v = new float[n];
      float[] w2 = w.clone();
      float[] m2 = m.clone();
      float[] v2 = v.clone();
      float[] before = w.clone();
      SCALAR.adam(w, g, m, v, 0, n, 0.5f, 0.9f, 0.95f, 0.01f / 0.1f, 4.4721360f, 1e-8f, 0);
      KERNELS.adam(w2, g, m2, v2, 0, n, 0.5f, 0.9f, 0.95f, 0.01f / 0.1f, 4.4721360f, 1e-8f, 0);
      TestArrays.assertSameBits("w", w, w2);
      TestArrays.assertSameBits("m", m, m2);
      TestArrays.assertSameBits("v", v, v2);
      for (int i = 0; i < n; i++) {
        // The first step of Adam has the length of the learning rate.
        double moved = (double) w[i] - before[i];
        assertThat(moved).isCloseTo(-0.01 * Math.signum(g[i]), within(1e-5));
      }
    }
  }

  @Test
  void sinkhornAgreesWithTheForwardKernel() {
    Random random = new Random(4);
    for (int s = 1; s <= 4; s++) {
      int count = 37;
      int stride = 40;
      float[] logits = TestArrays.gaussian(random, 3 + s * s * stride);
      float[] expected = logits.clone();
      float[] actual = logits.clone();
      float[][] sums = {new float[40 * s * count], new float[40 * s * count]};
      float[][] soft = {new float[s * s * count], new float[s * s * count]};
      SCALAR.sinkhorn(expected, 3, stride, count, s, 20, 1e-6f, sums[0], soft[0]);
      KERNELS.sinkhorn(actual, 3, stride, count, s, 20, 1e-6f, sums[1], soft[1]);
      TestArrays.assertSameBits("comb", expected, actual);
      TestArrays.assertSameBits("sums", sums[0], sums[1]);
      TestArrays.assertSameBits("soft", soft[0], soft[1]);
      int n = s * (2 + s);
      float[] scale = {1, 1, 1};
      for (int t = 0; t < count; t++) {
        float[] mixes = new float[n];
        for (int i = 0; i < s * s; i++) {
          mixes[2 * s + i] = logits[3 + i * stride + t];
        }
        float[] comb = new float[s * s];
        Sinkhorn.split(
            mixes, 0, scale, new float[n], s, 20, 1e-6f, 0, new float[s], new float[s], comb);
        for (int i = 0; i < s * s; i++) {
          assertThat((double) actual[3 + i * stride + t]).isCloseTo(comb[i], within(2e-6));
        }
      }
      float[] gradient = TestArrays.gaussian(random, 3 + s * s * stride);
      float[] direction = gradient.clone();
      float[] gradient2 = gradient.clone();
      SCALAR.sinkhornBackward(expected, gradient, 3, stride, count, s, 20, sums[0], soft[0]);
      KERNELS.sinkhornBackward(actual, gradient2, 3, stride, count, s, 20, sums[1], soft[1]);
      TestArrays.assertSameBits("gradient", gradient, gradient2);
      checkSlopes(logits, direction, gradient, stride, count, s);
    }
  }

  /** Differences of the reference in the direction of every logit. */
  private static void checkSlopes(
      float[] logits, float[] direction, float[] gradient, int stride, int count, int s) {
    for (int i = 0; i < s * s; i++) {
      double[] values = new double[count];
      for (int sign = 1; sign >= -1; sign -= 2) {
        float[] moved = logits.clone();
        for (int t = 0; t < count; t++) {
          moved[3 + i * stride + t] += sign * 1e-2f;
        }
        SCALAR.sinkhorn(
            moved,
            3,
            stride,
            count,
            s,
            20,
            1e-6f,
            new float[40 * s * count],
            new float[s * s * count]);
        for (int t = 0; t < count; t++) {
          for (int e = 0; e < s * s; e++) {
            int at = 3 + e * stride + t;
            values[t] += sign * (double) moved[at] * direction[at] / 2e-2;
          }
        }
      }
      for (int t = 0; t < count; t++) {
        assertThat((double) gradient[3 + i * stride + t]).isCloseTo(values[t], within(2e-3));
      }
    }
  }
}
