package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.kernels.scalar.Exponential;
import io.hadal.kernels.scalar.ScalarKernels;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Row operations: goldens, and the same bits in both implementations. */
class KernelOperationsTest {
  private static final Kernels SCALAR = new ScalarKernels();
  private static final Kernels KERNELS = Kernels.get();
  private static final GoldenTensors UNITS = GoldenTensors.load("units.safetensors");

  @Test
  void dotIsTheCanonicalReduction() {
    Random random = new Random(1);
    for (int n = 0; n < 100; n++) {
      float[] a = TestArrays.gaussian(random, n + 3);
      float[] b = TestArrays.gaussian(random, n + 5);
      float[] lanes = new float[16];
      for (int i = 0; i < n; i++) {
        lanes[i % 16] = Math.fma(a[3 + i], b[5 + i], lanes[i % 16]);
      }
      for (int half = 8; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
          lanes[i] += lanes[i + half];
        }
      }
      assertThat(SCALAR.dot(a, 3, b, 5, n)).isEqualTo(lanes[0]);
      assertThat(KERNELS.dot(a, 3, b, 5, n)).isEqualTo(lanes[0]);
    }
  }

  @Test
  void dotsAreDots() {
    Random random = new Random(2);
    for (int round = 0; round < 200; round++) {
      int n = random.nextBoolean() ? random.nextInt(90) : 16 * random.nextInt(6);
      int as = random.nextInt(24);
      int bs = random.nextInt(24);
      float[] a = TestArrays.gaussian(random, 1 + as * (n + 2));
      float[] b = TestArrays.gaussian(random, 2 + bs * (n + 1));
      float[] expected = new float[1 + as * (bs + 3)];
      float[] actual = new float[1 + as * (bs + 3)];
      SCALAR.dots(a, 1, n + 2, as, b, 2, n + 1, bs, n, expected, 1, bs + 3);
      KERNELS.dots(a, 1, n + 2, as, b, 2, n + 1, bs, n, actual, 1, bs + 3);
      TestArrays.assertSameBits("dots " + as + " " + bs + " " + n, expected, actual);
      if (as > 0 && bs > 0) {
        float last = SCALAR.dot(a, 1 + (as - 1) * (n + 2), b, 2 + (bs - 1) * (n + 1), n);
        assertThat(actual[1 + (as - 1) * (bs + 3) + bs - 1]).isEqualTo(last);
      }
    }
  }

  /** More rows than a block of the caches holds. */
  @Test
  void longRowSetsAgree() {
    Random random = new Random(8);
    for (int n : new int[] {64, 72, 512, 2048}) {
      int as = n == 72 ? 7 : n == 2048 ? 39 : 19;
      int bs = n == 2048 ? 11 : 299;
      float[] a = TestArrays.gaussian(random, as * n);
      float[] b = TestArrays.gaussian(random, bs * (n + 3));
      float[] expected = new float[as * bs];
      float[] actual = new float[as * bs];
      SCALAR.dots(a, 0, n, as, b, 0, n + 3, bs, n, expected, 0, bs);
      KERNELS.dots(a, 0, n, as, b, 0, n + 3, bs, n, actual, 0, bs);
      TestArrays.assertSameBits("dots of " + n, expected, actual);
      float[] p = expected.clone();
      float[] sums = new float[as * n];
      float[] others = TestArrays.gaussian(random, as * n);
      SCALAR.weightedSums(p, 0, bs, as, b, 0, n + 3, bs, n, sums, 0, n);
      KERNELS.weightedSums(p, 0, bs, as, b, 0, n + 3, bs, n, others, 0, n);
      TestArrays.assertSameBits("sums of " + n, sums, others);
    }
  }

  @Test
  void weightedSumsAgree() {
    Random random = new Random(3);
    for (int round = 0; round < 200; round++) {
      int n = random.nextInt(90);
      int ps = random.nextInt(24);
      int rows = random.nextInt(20);
      float[] p = TestArrays.gaussian(random, 1 + ps * (rows + 1));
      float[] r = TestArrays.gaussian(random, 2 + rows * (n + 1));
      float[] expected = TestArrays.gaussian(random, 3 + ps * (n + 2));
      float[] actual = expected.clone();
      SCALAR.weightedSums(p, 1, rows + 1, ps, r, 2, n + 1, rows, n, expected, 3, n + 2);
      KERNELS.weightedSums(p, 1, rows + 1, ps, r, 2, n + 1, rows, n, actual, 3, n + 2);
      TestArrays.assertSameBits("sums " + ps + " " + rows + " " + n, expected, actual);
    }
  }

  @Test
  void elementOperationsAgree() {
    Random random = new Random(4);
    for (int n = 0; n < 150; n++) {
      float[] x = special(TestArrays.gaussian(random, n + 2), random);
      float[] y = special(TestArrays.gaussian(random, n + 1), random);

      float[] e = y.clone();
      float[] a = y.clone();
      SCALAR.addScaled(0.7f, x, 2, e, 1, n);
      KERNELS.addScaled(0.7f, x, 2, a, 1, n);
      TestArrays.assertSameBits("addScaled", e, a);

      float[] one = new float[] {SCALAR.max(x, 2, n)};
      float[] two = new float[] {KERNELS.max(x, 2, n)};
      TestArrays.assertSameBits("max", one, two);

      e = x.clone();
      a = x.clone();
      one[0] = SCALAR.expAndSum(e, 2, n, 0.3f);
      two[0] = KERNELS.expAndSum(a, 2, n, 0.3f);
      TestArrays.assertSameBits("exp", e, a);
      TestArrays.assertSameBits("sum", one, two);

      e = x.clone();
      a = x.clone();
      SCALAR.roundBf16(e, 2, n);
      KERNELS.roundBf16(a, 2, n);
      TestArrays.assertSameBits("bf16", e, a);

      for (float limit : new float[] {Float.POSITIVE_INFINITY, 1.5f}) {
        e = new float[n + 1];
        a = new float[n + 1];
        SCALAR.swiglu(x, 2, y, 1, n, limit, 0.8f, e, 1);
        KERNELS.swiglu(x, 2, y, 1, n, limit, 0.8f, a, 1);
        TestArrays.assertSameBits("swiglu", e, a);
      }

      if (n > 0) {
        float[] finite = TestArrays.gaussian(random, n + 2);
        float[] weight = TestArrays.gaussian(random, n);
        e = finite.clone();
        a = finite.clone();
        SCALAR.rmsNorm(e, 2, n, weight, 1e-6f, e, 2);
        KERNELS.rmsNorm(a, 2, n, weight, 1e-6f, a, 2);
        TestArrays.assertSameBits("norm", e, a);
        SCALAR.rmsNorm(e, 2, n, null, 1e-6f, e, 0);
        KERNELS.rmsNorm(a, 2, n, null, 1e-6f, a, 0);
        TestArrays.assertSameBits("unweighted norm", e, a);
      }
    }
    for (int n = 1; n <= 512; n *= 2) {
      float[] e = TestArrays.gaussian(random, n + 1);
      float[] a = e.clone();
      SCALAR.hadamard(e, 1, n, 0.25f);
      KERNELS.hadamard(a, 1, n, 0.25f);
      TestArrays.assertSameBits("hadamard", e, a);
    }
  }

  private static float[] special(float[] x, Random random) {
    float[] values = {
      0,
      -0f,
      Float.NaN,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      1e-40f,
      88.5f,
      -95,
      -200,
      300
    };
    if (random.nextInt(3) == 0) {
      for (int i = 0; i < x.length; i++) {
        if (random.nextInt(8) == 0) {
          x[i] = values[random.nextInt(values.length)];
        }
      }
    }
    return x;
  }

  @Test
  void exponentialIsWithinTwoUlp() {
    double worst = 0;
    for (int i = 0; i <= 4_000_000; i++) {
      float x = -103 + 191f * i / 4_000_000;
      float e = Exponential.exp(x);
      double exact = Math.exp(x);
      worst = Math.max(worst, Math.abs(e - exact) / Math.ulp((float) exact));
    }
    assertThat(worst).isLessThanOrEqualTo(2);
    assertThat(Exponential.exp(0)).isEqualTo(1);
    assertThat(Exponential.exp(-0f)).isEqualTo(1);
    assertThat(Exponential.exp(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(Exponential.exp(-103.5f)).isZero();
    assertThat(Exponential.exp(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Exponential.exp(88.8f)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Exponential.exp(89f)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Exponential.exp(Float.NaN)).isNaN();
  }

  @Test
  void goldenNormSwigluAndHadamard() {
    for (Kernels kernels : List.of(SCALAR, KERNELS)) {
      float[] in = UNITS.floats("rmsnorm.in");
      float[] weight = UNITS.floats("rmsnorm.weight");
      float[] out = new float[in.length];
      for (int r = 0; r < 4; r++) {
        kernels.rmsNorm(in, 128 * r, 128, weight, 1e-6f, out, 128 * r);
      }
      TestArrays.assertClose("rmsnorm", UNITS.floats("rmsnorm.out"), out, 1e-6);

      float[] gate = UNITS.floats("swiglu.gate");
      float[] act = new float[gate.length];
      kernels.swiglu(gate, 0, UNITS.floats("swiglu.up"), 0, gate.length, 3, 1, act, 0);
      TestArrays.assertClose("swiglu", UNITS.floats("swiglu.out"), act, 1e-6);

      for (int n : new int[] {64, 128}) {
        float[] x = UNITS.floats("hadamard" + n + ".in");
        for (int r = 0; r < 3; r++) {
          kernels.hadamard(x, n * r, n, (float) (1 / Math.sqrt(n)));
        }
        TestArrays.assertClose("hadamard", UNITS.floats("hadamard" + n + ".out"), x, 1e-6);
      }
    }
  }

  @Test
  void goldenSinkAttentionFromTheParts() {
    float[] q = UNITS.floats("attn.q");
    float[] kv = UNITS.floats("attn.kv");
    float[] sink = UNITS.floats("attn.sink");
    int[] idx = UNITS.ints("attn.idx");
    float[] expected = UNITS.floats("attn.out");
    float[] out = new float[expected.length];
    for (int t = 0; t < 5; t++) {
      float[] rows = new float[9 * 64];
      int count = 0;
      for (int j = 0; j < 9; j++) {
        int id = idx[9 * t + j];
        if (id >= 0) {
          System.arraycopy(kv, 64 * id, rows, 64 * count++, 64);
        }
      }
      float[] p = new float[4 * 9];
      KERNELS.dots(q, 256 * t, 64, 4, rows, 0, 64, count, 64, p, 0, 9);
      for (int h = 0; h < 4; h++) {
        for (int j = 0; j < count; j++) {
          p[9 * h + j] *= 0.125f;
        }
        float max = KERNELS.max(p, 9 * h, count);
        float sum = KERNELS.expAndSum(p, 9 * h, count, max) + (float) Math.exp(sink[h] - max);
        for (int j = 0; j < count; j++) {
          p[9 * h + j] /= sum;
        }
      }
      KERNELS.weightedSums(p, 0, 9, 4, rows, 0, 64, count, 64, out, 256 * t, 64);
    }
    TestArrays.assertClose("attention", expected, out, 1e-6);
  }
}
