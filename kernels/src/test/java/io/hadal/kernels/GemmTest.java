package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hadal.kernels.scalar.ScalarGemm;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GemmTest {
  private static final Gemm SCALAR = new ScalarGemm();
  private static final Gemm GEMM = Gemm.get();

  private static int size(Random random) {
    return random.nextInt(5) == 0 ? 1 + random.nextInt(700) : 1 + random.nextInt(50);
  }

  @Test
  void agreesWithTheReferenceBitForBit() {
    Random random = new Random(1);
    // One of 20 has no sum at all, one of five sides is longer than any part a kernel works on.
    int rounds = Boolean.getBoolean("hadal.slow") ? 300 : 100;
    for (int round = 0; round < rounds; round++) {
      int m = size(random);
      int n = size(random);
      int k = random.nextInt(20) == 0 ? 0 : size(random);
      int aOffset = random.nextInt(5);
      int bOffset = random.nextInt(5);
      int cOffset = random.nextInt(5);
      boolean aTransposed = random.nextBoolean();
      boolean bTransposed = random.nextBoolean();
      int aStride = (aTransposed ? m : k) + random.nextInt(4);
      int bStride = (bTransposed ? k : n) + random.nextInt(4);
      int cStride = n + random.nextInt(4);
      float[] a = TestArrays.gaussian(random, aOffset + (aTransposed ? k : m) * aStride);
      float[] b = TestArrays.gaussian(random, bOffset + (bTransposed ? n : k) * bStride);
      float[] expected = TestArrays.gaussian(random, cOffset + m * cStride);
      float[] actual = expected.clone();
      int aRow = aTransposed ? 1 : aStride;
      int aCol = aTransposed ? aStride : 1;
      int bRow = bTransposed ? 1 : bStride;
      int bCol = bTransposed ? bStride : 1;
      boolean add = random.nextBoolean();
      SCALAR.multiply(
          m, n, k, a, aOffset, aRow, aCol, b, bOffset, bRow, bCol, expected, cOffset, cStride, add);
      GEMM.multiply(
          m, n, k, a, aOffset, aRow, aCol, b, bOffset, bRow, bCol, actual, cOffset, cStride, add);
      TestArrays.assertSameBits(
          m + " x " + n + " x " + k + " " + aTransposed + bTransposed + add, expected, actual);
    }
  }

  @Test
  void aPartOfTheRowsHasTheSameBits() {
    Random random = new Random(2);
    int m = 77;
    int n = 90;
    int k = 300;
    float[] a = TestArrays.gaussian(random, m * k);
    float[] b = TestArrays.gaussian(random, k * n);
    float[] whole = new float[m * n];
    float[] parts = new float[m * n];
    GEMM.multiply(m, n, k, a, 0, k, 1, b, 0, n, 1, whole, 0, n, false);
    for (int from = 0; from < m; from += 19) {
      int rows = Math.min(19, m - from);
      GEMM.multiply(rows, n, k, a, from * k, k, 1, b, 0, n, 1, parts, from * n, n, false);
    }
    TestArrays.assertSameBits("parts", whole, parts);
  }

  @Test
  void isTheMatrixProduct() {
    Random random = new Random(3);
    float[] a = TestArrays.gaussian(random, 20 * 600);
    float[] b = TestArrays.gaussian(random, 600 * 33);
    float[] c = new float[20 * 33];
    GEMM.multiply(20, 33, 600, a, 0, 600, 1, b, 0, 33, 1, c, 0, 33, false);
    for (int i = 0; i < 20; i++) {
      for (int j = 0; j < 33; j++) {
        double sum = 0;
        for (int p = 0; p < 600; p++) {
          sum += (double) a[i * 600 + p] * b[p * 33 + j];
        }
        assertThat((double) c[i * 33 + j]).isCloseTo(sum, within(1e-3));
      }
    }
  }

  @Test
  void refusesWhatLiesOutside() {
    float[] x = new float[100];
    assertThatThrownBy(() -> GEMM.multiply(11, 10, 1, x, 0, 10, 1, x, 0, 10, 1, x, 0, 10, false))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(
            () -> GEMM.multiply(2, 2, 2, x, -1, 2, 1, x, 0, 2, 1, new float[4], 0, 2, false))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(
            () -> GEMM.multiply(1 << 20, 1 << 20, 1, x, 0, 1, 1, x, 0, 1, 1, x, 0, 1, false))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }
}
