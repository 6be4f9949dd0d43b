package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.hadal.kernels.scalar.ScalarKernels;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Products have the same bits in every implementation, batch and split. */
class MatmulTest {
  private static final Kernels SCALAR = new ScalarKernels();
  private static final Kernels KERNELS = Kernels.get();

  static List<StorageType> types() {
    return MatrixFixtures.weightTypes();
  }

  @ParameterizedTest
  @MethodSource("types")
  void equalsTheScalarReferenceForOddShapes(StorageType type) {
    Random random = new Random(type.ordinal());
    for (int round = 0; round < 36; round++) {
      int cols =
          MatrixFixtures.wholeBlocks(
              type, round < 30 ? 1 + random.nextInt(70) : 900 + random.nextInt(1500));
      int rows = 1 + random.nextInt(21);
      int tokens = 1 + random.nextInt(9);
      Matrix w = MatrixFixtures.random(type, rows, cols, random);
      int from = random.nextInt(rows);
      int to = from + random.nextInt(rows - from + 1);
      int xStride = cols + random.nextInt(3);
      int yStride = rows + random.nextInt(3);
      float[] x = TestArrays.gaussian(random, 2 + tokens * xStride);
      float[] expected = new float[3 + tokens * yStride];
      float[] actual = new float[3 + tokens * yStride];
      SCALAR.matmul(w, from, to, x, 2, xStride, tokens, expected, 3, yStride);
      KERNELS.matmul(w, from, to, x, 2, xStride, tokens, actual, 3, yStride);
      String what = w + " x " + tokens + " rows " + from + ".." + to;
      TestArrays.assertSameBits(what, expected, actual);
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void doesNotDependOnBatchRowSplitOrSlice(StorageType type) {
    Random random = new Random(77 + type.ordinal());
    int rows = 37;
    int cols = MatrixFixtures.wholeBlocks(type, 1290);
    int tokens = 21;
    Matrix w = MatrixFixtures.random(type, rows, cols, random);
    float[] x = TestArrays.gaussian(random, tokens * cols);
    float[] whole = new float[tokens * rows];
    KERNELS.matmul(w, 0, rows, x, 0, cols, tokens, whole, 0, rows);

    float[] single = new float[tokens * rows];
    for (int t = 0; t < tokens; t++) {
      KERNELS.matmul(w, 0, rows, x, t * cols, cols, 1, single, t * rows, rows);
    }
    TestArrays.assertSameBits(type + " one token at a time", whole, single);

    float[] split = new float[tokens * rows];
    int t = 0;
    while (t < tokens) {
      int count = Math.min(tokens - t, 1 + random.nextInt(7));
      int r = 0;
      while (r < rows) {
        int n = Math.min(rows - r, 1 + random.nextInt(9));
        KERNELS.matmul(w, r, r + n, x, t * cols, cols, count, split, t * rows, rows);
        r += n;
      }
      t += count;
    }
    TestArrays.assertSameBits(type + " in pieces", whole, split);

    Matrix slice = w.slice(11, 20);
    float[] sliced = new float[20];
    KERNELS.matmul(slice, 0, 20, x, 0, cols, 1, sliced, 0, 20);
    float[] expected = new float[20];
    System.arraycopy(whole, 11, expected, 0, 20);
    TestArrays.assertSameBits(type + " slice", expected, sliced);
  }

  /** More rows than are read side by side, and some left. */
  @ParameterizedTest
  @MethodSource("types")
  void oneTokenOfManyRowsEqualsTheScalarReference(StorageType type) {
    Random random = new Random(40 + type.ordinal());
    int cols = MatrixFixtures.wholeBlocks(type, 80);
    Matrix w = MatrixFixtures.random(type, 300, cols, random);
    float[] x = TestArrays.gaussian(random, cols);
    for (int to : new int[] {4, 12, 131, 290, 299}) {
      float[] expected = new float[300];
      float[] actual = new float[300];
      SCALAR.matmul(w, 3, to, x, 0, cols, 1, expected, 0, 300);
      KERNELS.matmul(w, 3, to, x, 0, cols, 1, actual, 0, 300);
      TestArrays.assertSameBits(w + " to row " + to, expected, actual);
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void isTheProductOfTheDecodedMatrix(StorageType type) {
    Random random = new Random(5);
    int cols = MatrixFixtures.wholeBlocks(type, 300);
    Matrix w = MatrixFixtures.random(type, 3, cols, random);
    float[] x = TestArrays.gaussian(random, cols);
    float[] y = new float[3];
    KERNELS.matmul(w, 0, 3, x, 0, cols, 1, y, 0, 3);
    float[] row = new float[cols];
    for (int r = 0; r < 3; r++) {
      KERNELS.dequantize(w, r, 0, cols, row, 0);
      double sum = 0;
      double size = 0;
      for (int i = 0; i < cols; i++) {
        sum += (double) row[i] * x[i];
        size += Math.abs((double) row[i] * x[i]);
      }
      assertThat((double) y[r]).isCloseTo(sum, offset(size * 1e-6));
    }
  }

  @Test
  void manyTokensGoThroughSeveralRounds() {
    Random random = new Random(9);
    manyTokens(MatrixFixtures.random(StorageType.Q8_0, 5, 64, random), 600, random);
    manyTokens(MatrixFixtures.random(StorageType.BF16, 21, 1100, random), 39, random);
    manyTokens(MatrixFixtures.random(StorageType.BF16, 45, 2064, random), 139, random);
  }

  private static void manyTokens(Matrix w, int tokens, Random random) {
    int rows = w.rows();
    float[] x = TestArrays.gaussian(random, tokens * w.cols());
    float[] expected = new float[tokens * rows];
    float[] actual = new float[tokens * rows];
    SCALAR.matmul(w, 0, rows, x, 0, w.cols(), tokens, expected, 0, rows);
    KERNELS.matmul(w, 0, rows, x, 0, w.cols(), tokens, actual, 0, rows);
    TestArrays.assertSameBits(w + " x " + tokens, expected, actual);
  }

  @Test
  void nanAndInfinityPropagate() {
    for (StorageType type : List.of(StorageType.Q8_0, StorageType.Q4_K, StorageType.BF16)) {
      Matrix w = MatrixFixtures.random(type, 4, 256, new Random(1));
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        float[] x = TestArrays.gaussian(new Random(2), 256);
        x[100] = bad;
        float[] y = new float[4];
        float[] expected = new float[4];
        KERNELS.matmul(w, 0, 4, x, 0, 256, 1, y, 0, 4);
        SCALAR.matmul(w, 0, 4, x, 0, 256, 1, expected, 0, 4);
        TestArrays.assertSameBits(type + " " + bad, expected, y);
        assertThat(Float.isFinite(y[0])).isFalse();
      }
    }
  }

  @Test
  void everyBitPatternDecodesAlikeInBothImplementations() {
    Random random = new Random(31);
    for (StorageType type : types()) {
      for (int round = 0; round < 20; round++) {
        int cols = MatrixFixtures.wholeBlocks(type, 700);
        Matrix w = MatrixFixtures.random(type, 2, cols, random);
        // Garbage over everything, scales included.
        byte[] noise = new byte[(int) w.data().byteSize()];
        random.nextBytes(noise);
        MemorySegment.copy(MemorySegment.ofArray(noise), 0, w.data(), 0, noise.length);
        float[] expected = new float[cols];
        float[] actual = new float[cols];
        SCALAR.dequantize(w, 1, 0, cols, expected, 0);
        KERNELS.dequantize(w, 1, 0, cols, actual, 0);
        TestArrays.assertSameBits(type + " noise", expected, actual);
      }
    }
  }

  @Test
  void rangesOutsideTheArraysAreRefused() {
    Matrix w = MatrixFixtures.random(StorageType.F32, 4, 8, new Random(1));
    for (Kernels kernels : List.of(SCALAR, KERNELS)) {
      assertThatThrownBy(() -> kernels.matmul(w, 0, 5, new float[8], 0, 8, 1, new float[8], 0, 4))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> kernels.matmul(w, 0, 4, new float[15], 0, 8, 2, new float[8], 0, 4))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> kernels.matmul(w, 0, 4, new float[16], 0, 8, 2, new float[7], 0, 4))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> kernels.dequantize(w, 0, 4, 5, new float[8], 0))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }
}
