package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.hadal.kernels.foreign.CpuFeatures;
import io.hadal.kernels.foreign.NativeGemm;
import io.hadal.kernels.foreign.NativeLibrary;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Products of bf16 operands: the bits that {@link Gemm} defines, and how far they are from f32. */
class Bf16GemmTest {
  private final Gemm gemm = new NativeGemm();

  @BeforeEach
  void needsTiles() {
    assumeThat(NativeLibrary.features() & CpuFeatures.AMX_BF16).as("AMX tiles of bf16").isNotZero();
  }

  /** A product's operands in arrays with gaps. */
  private record Case(
      int m,
      int n,
      int k,
      float[] a,
      int aAt,
      int aRow,
      int aCol,
      float[] b,
      int bAt,
      int bRow,
      int bCol,
      int cAt,
      int cRow,
      boolean add) {

    static Case random(Random random) {
      // One of them may be large.
      int large = random.nextInt(6);
      int m = 1 + random.nextInt(large == 0 ? 200 : 70);
      int n = 1 + random.nextInt(large == 1 ? 600 : 70);
      int k = random.nextInt(20) == 0 ? 0 : 1 + random.nextInt(large == 2 ? 1100 : 70);
      int aAt = random.nextInt(5);
      int bAt = random.nextInt(5);
      // Distances of 2 as well, so that nothing is contiguous.
      int aStep = random.nextInt(8) == 0 ? 2 : 1;
      boolean aTransposed = random.nextBoolean();
      boolean bTransposed = random.nextBoolean();
      int aLine = aStep * (aTransposed ? m : k) + random.nextInt(4);
      int bLine = (bTransposed ? k : n) + random.nextInt(4);
      return new Case(
          m,
          n,
          k,
          TestArrays.gaussian(random, aAt + (aTransposed ? k : m) * aLine + 1),
          aAt,
          aTransposed ? aStep : aLine,
          aTransposed ? aLine : aStep,
          TestArrays.gaussian(random, bAt + (bTransposed ? n : k) * bLine + 1),
          bAt,
          bTransposed ? 1 : bLine,
          bTransposed ? bLine : 1,
          random.nextInt(5),
          n + random.nextInt(4),
          random.nextBoolean());
    }

    float a(int i, int p) {
      return a[aAt + i * aRow + p * aCol];
    }

    float b(int p, int j) {
      return b[bAt + p * bRow + j * bCol];
    }

    void multiply(Gemm gemm, float[] c) {
      gemm.multiply(m, n, k, a, aAt, aRow, aCol, b, bAt, bRow, bCol, c, cAt, cRow, add);
    }

    @Override
    public String toString() {
      return m
          + " x "
          + n
          + " x "
          + k
          + " a "
          + aRow
          + ","
          + aCol
          + " b "
          + bRow
          + ","
          + bCol
          + (add ? " added" : "");
    }
  }

  private static float rounded(float x) {
    return Bf16.round(x);
  }

  private static float element(Case x, int i, int j, float before) {
    float total = x.add() ? before : 0;
    for (int from = 0; from < x.k(); from += Gemm.BF16_DEPTH) {
      int to = Math.min(x.k(), from + Gemm.BF16_DEPTH);
      float block = 0;
      for (int step = from; step < to; step += 32) {
        float[] sums = new float[2];
        for (int p = step; p < Math.min(to, step + 32); p++) {
          int odd = p - step & 1;
          sums[odd] = Math.fma(rounded(x.a(i, p)), rounded(x.b(p, j)), sums[odd]);
        }
        block += sums[0] + sums[1];
      }
      total = from == 0 && !x.add() ? block : total + block;
    }
    return total;
  }

  @Test
  void hasTheBitsOfTheDefinition() {
    Random random = new Random(1);
    for (int round = 0; round < 60; round++) {
      Case x = Case.random(random);
      float[] c = TestArrays.gaussian(random, x.cAt() + x.m() * x.cRow());
      float[] actual = c.clone();
      for (int i = 0; i < x.m(); i++) {
        for (int j = 0; j < x.n(); j++) {
          int at = x.cAt() + i * x.cRow() + j;
          c[at] = element(x, i, j, c[at]);
        }
      }
      x.multiply(gemm, actual);
      TestArrays.assertSameBits(x.toString(), c, actual);
    }
  }

  /** The stated bound of every product, with room for the rounding of sums. */
  @Test
  void isNearTheExactProduct() {
    Random random = new Random(2);
    for (int round = 0; round < 20; round++) {
      Case x = Case.random(random);
      float[] c = new float[x.cAt() + x.m() * x.cRow()];
      x.multiply(gemm, c);
      for (int i = 0; i < x.m(); i++) {
        for (int j = 0; j < x.n(); j++) {
          double sum = 0;
          double size = 0;
          for (int p = 0; p < x.k(); p++) {
            double product = (double) x.a(i, p) * x.b(p, j);
            sum += product;
            size += Math.abs(product);
          }
          double bound = (0x1p-7 + 0x1p-16 + x.k() * 0x1p-24) * size;
          assertThat(Math.abs(c[x.cAt() + i * x.cRow() + j] - sum)).isLessThanOrEqualTo(bound);
        }
      }
    }
  }

  @Test
  void partsHaveTheSameBits() {
    Random random = new Random(3);
    int m = 100;
    int n = 700;
    int k = 600;
    float[] a = TestArrays.gaussian(random, m * k);
    float[] b = TestArrays.gaussian(random, k * n);
    float[] whole = new float[m * n];
    float[] parts = new float[m * n];
    gemm.multiply(m, n, k, a, 0, k, 1, b, 0, n, 1, whole, 0, n, false);
    for (int from = 0; from < m; from += 19) {
      int rows = Math.min(19, m - from);
      gemm.multiply(rows, 300, k, a, from * k, k, 1, b, 0, n, 1, parts, from * n, n, false);
      gemm.multiply(rows, 400, k, a, from * k, k, 1, b, 300, n, 1, parts, from * n + 300, n, false);
    }
    TestArrays.assertSameBits("parts", whole, parts);
  }

  @Test
  void refusesWhatLiesOutside() {
    float[] x = new float[100];
    assertThatThrownBy(() -> gemm.multiply(11, 10, 1, x, 0, 10, 1, x, 0, 10, 1, x, 0, 10, false))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(
            () -> gemm.multiply(2, 2, 2, x, -1, 2, 1, x, 0, 2, 1, new float[4], 0, 2, false))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }
}
