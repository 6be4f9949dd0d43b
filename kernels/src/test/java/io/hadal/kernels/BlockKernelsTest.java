package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.kernels.foreign.CpuFeatures;
import io.hadal.kernels.foreign.NativeBlockKernels;
import io.hadal.kernels.foreign.NativeLibrary;
import io.hadal.kernels.packed.PlainBlockKernels;
import io.hadal.kernels.packed.ScalarBlockKernels;
import io.hadal.kernels.scalar.Grids;
import io.hadal.kernels.vector.packed.VectorBlockKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Products of packed weights have the bits of the scalar reference, in every batch and split. */
@ParameterizedClass
@MethodSource("implementations")
class BlockKernelsTest {
  static List<Named<BlockKernels>> implementations() {
    List<BlockKernels> all = new ArrayList<>();
    all.add(new VectorBlockKernels());
    if (System.getProperty("hadal.vectorBits") != null) {
      // Native kernels know no width.
      return named(all);
    }
    int features = NativeLibrary.features();
    if ((features & CpuFeatures.VNNI) != 0) {
      all.add(new NativeBlockKernels(CpuFeatures.VNNI));
    }
    if ((features & CpuFeatures.AMX_INT8) != 0) {
      all.add(new NativeBlockKernels(features));
    }
    return named(all);
  }

  private static List<Named<BlockKernels>> named(List<BlockKernels> all) {
    return all.stream().map(k -> Named.of(k.name(), k)).toList();
  }

  private final BlockKernels kernels;

  BlockKernelsTest(BlockKernels kernels) {
    this.kernels = kernels;
  }

  static List<StorageType> types() {
    return MatrixFixtures.weightTypes().stream()
        .filter(
            type ->
                switch (type) {
                  case F32, F16, BF16, F8_E4M3 -> false;
                  default -> true;
                })
        .toList();
  }

  @ParameterizedTest
  @MethodSource("types")
  void equalsTheScalarReference(StorageType type) {
    Random random = new Random(type.ordinal());
    int[] counts = {1, 2, 3, 5, 8, 9, 16, 17, 33, 64};
    for (int round = 0; round < 12; round++) {
      int block = Math.max(32, type.blockElements());
      int cols = block * (1 + random.nextInt(round < 9 ? 3 : 1200 / block + 1));
      // Sometimes more rows than any kernel takes side by side, and some left.
      int rows = (round % 5 == 0 ? 130 : 1) + random.nextInt(90);
      int tokens = counts[round % counts.length];
      Matrix w = packable(type, rows, cols, random);
      float[] x = inputs(random, tokens, cols);
      assertSame(w, x, tokens);
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void doesNotDependOnBatchOrSplit(StorageType type) {
    Random random = new Random(100 + type.ordinal());
    int rows = 75;
    int cols = 512;
    int tokens = 37;
    Matrix w = packable(type, rows, cols, random);
    float[] x = inputs(random, tokens, cols);
    try (Arena arena = Arena.ofConfined()) {
      PackedMatrix packed = pack(w, arena);
      float[] whole = new float[tokens * rows];
      BlockInput in = prepared(packed, x, 0, tokens);
      kernels.multiply(packed, 0, rows, in, 0, tokens, whole, 0, rows);

      float[] single = new float[tokens * rows];
      for (int t = 0; t < tokens; t++) {
        BlockInput one = prepared(packed, x, t, 1);
        kernels.multiply(packed, 0, rows, one, 0, 1, single, t * rows, rows);
      }
      TestArrays.assertSameBits(type + " one token at a time", whole, single);

      float[] split = new float[tokens * rows];
      for (int t = 0; t < tokens; ) {
        int count = Math.min(tokens - t, 1 + random.nextInt(11));
        for (int r = 0; r < rows; ) {
          int to = Math.min(rows, r + 16 * (1 + random.nextInt(3)));
          kernels.multiply(packed, r, to, in, t, t + count, split, t * rows, rows);
          r = to;
        }
        t += count;
      }
      TestArrays.assertSameBits(type + " in pieces", whole, split);
    }
  }

  /** More rows, columns and tokens than the parts that any kernel works on. */
  @ParameterizedTest
  @EnumSource(
      value = StorageType.class,
      names = {"Q8_0", "Q4_K", "IQ2_XXS"})
  void largeProductsDoNotDependOnTheirParts(StorageType type) {
    Random random = new Random(500 + type.ordinal());
    int rows = 590;
    int cols = 256;
    int tokens = 140;
    Matrix w = packable(type, rows, cols, random);
    float[] x = inputs(random, tokens, cols);
    float[] whole = product(w, x, tokens);
    try (Arena arena = Arena.ofConfined()) {
      PackedMatrix packed = pack(w, arena);
      for (int t : new int[] {0, 63, 127, 128, tokens - 1}) {
        float[] single = new float[rows];
        kernels.multiply(packed, 0, rows, prepared(packed, x, t, 1), 0, 1, single, 0, rows);
        float[] own = Arrays.copyOfRange(whole, t * rows, (t + 1) * rows);
        TestArrays.assertSameBits(type + ", token " + t, single, own);
      }
    }
  }

  /** The largest codes of four bits under inputs that add up, and scales of any kind. */
  @Test
  void largestValuesOfFp4AreExact() {
    Random random = new Random(12);
    int rows = 70;
    int cols = 768;
    Matrix w = MatrixFixtures.random(StorageType.MXFP4, rows, cols, random);
    byte[] scales = {127, 127, 127, 0, 1, 2, (byte) 254, (byte) 255};
    for (long at = 0; at < w.data().byteSize(); at += StorageType.MXFP4.blockBytes()) {
      MemorySegment block = w.data().asSlice(at, StorageType.MXFP4.blockBytes());
      if (random.nextInt(4) > 0) {
        block.fill((byte) (random.nextBoolean() ? 0x77 : 0xff));
      }
      block.set(ValueLayout.JAVA_BYTE, 0, scales[random.nextInt(scales.length)]);
    }
    for (int tokens : new int[] {1, 4, 17, 65}) {
      assertSame(w, signs(random, tokens, cols), tokens);
    }
  }

  /** Codes, scales and minima at their largest under inputs that add up, and scales of any kind. */
  @ParameterizedTest
  @EnumSource(
      value = StorageType.class,
      names = {"Q2_K", "Q4_K"})
  void extremesAreExact(StorageType type) {
    Random random = new Random(11);
    int rows = 70;
    int cols = 768;
    Matrix w = MatrixFixtures.random(type, rows, cols, random);
    int scales = type == StorageType.Q2_K ? 80 : 0;
    short[] halves = {0x3c00, (short) 0xbc00, 0x7c00, 0x7e00, 0, (short) 0x8000, 1, 0x7bff};
    for (long at = 0; at < w.data().byteSize(); at += type.blockBytes()) {
      if (random.nextInt(4) > 0) {
        w.data().asSlice(at, type.blockBytes()).fill((byte) (random.nextInt(4) > 0 ? -1 : 0));
      }
      for (int i = 0; i < 4; i += 2) {
        short half = halves[random.nextInt(random.nextInt(8) > 0 ? 2 : halves.length)];
        w.data().set(MatrixFixtures.SHORT, at + scales + i, half);
      }
    }
    for (int tokens : new int[] {1, 3, 17, 65}) {
      assertSame(w, signs(random, tokens, cols), tokens);
    }
  }

  /** The largest entry of the grid under signs that are all the same. */
  @Test
  void largestSumsOfTheGridAreExact() {
    Random random = new Random(12);
    int rows = 70;
    int cols = 768;
    Matrix w = MatrixFixtures.random(StorageType.IQ2_XXS, rows, cols, random);
    int entry = 0;
    for (int i = 0; i < 256; i++) {
      entry = levels(i) > levels(entry) ? i : entry;
    }
    int[] words = {0, 0x0fffffff, 0xf0000000, -1};
    for (long row = 0; row < w.data().byteSize(); row += StorageType.IQ2_XXS.bytes(cols)) {
      if (random.nextInt(8) == 0) {
        continue;
      }
      int word = words[random.nextInt(words.length)];
      for (long at = row; at < row + StorageType.IQ2_XXS.bytes(cols); at += 66) {
        for (int i = 2; i < 66; i += 8) {
          w.data().set(ValueLayout.JAVA_INT_UNALIGNED, at + i, 0x01010101 * entry);
          w.data().set(ValueLayout.JAVA_INT_UNALIGNED, at + i + 4, word);
        }
      }
    }
    for (int tokens : new int[] {1, 3, 17, 65}) {
      assertSame(w, signs(random, tokens, cols), tokens);
    }
  }

  private static float levels(int entry) {
    float sum = 0;
    for (int i = 0; i < 8; i++) {
      sum += Grids.IQ2_XXS[8 * entry + i];
    }
    return sum;
  }

  /** Ones, most of a token with the same sign. */
  private static float[] signs(Random random, int tokens, int cols) {
    float[] x = new float[tokens * cols];
    for (int i = 0; i < x.length; i++) {
      x[i] = (i / cols % 3 == 0 || random.nextInt(3) > 0 ? 1 : -1) * (i / cols % 2 == 0 ? 1 : -1);
    }
    return x;
  }

  @ParameterizedTest
  @MethodSource("types")
  void everyFormOfInputGivesTheSame(StorageType type) {
    Random random = new Random(400 + type.ordinal());
    int rows = 41;
    int cols = 512;
    Matrix w = packable(type, rows, cols, random);
    try (Arena arena = Arena.ofConfined()) {
      PackedMatrix packed = pack(w, arena);
      for (int tokens : new int[] {1, 2, 3, 11, 64}) {
        float[] x = inputs(random, tokens, cols);
        float[] expected = product(w, x, tokens);
        for (BlockInput.Form form : kernels.forms(packed, tokens)) {
          BlockInput in = new BlockInput();
          in.begin(tokens, cols, form);
          for (int t = 0; t < tokens; t++) {
            in.quantize(t, x, t * cols);
          }
          float[] y = new float[expected.length];
          kernels.multiply(packed, 0, rows, in, 0, tokens, y, 0, rows);
          TestArrays.assertSameBits(type + " x " + tokens + ", " + form, expected, y);
          if (form != BlockInput.Form.ORDERED) {
            // What runs while vector code is being compiled.
            new PlainBlockKernels().multiply(packed, 0, rows, in, 0, tokens, y, 0, rows);
            TestArrays.assertSameBits(type + " in plain Java, " + form, expected, y);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void takesLittleMoreThanTheStoredForm(StorageType type) {
    Matrix w = packable(type, 64, 4096, new Random(300 + type.ordinal()));
    assertThat((double) PackedMatrix.bytes(w) / w.byteSize()).isBetween(0.99, 1.062);
  }

  /** The integer form stands for the same weights as the decoder's. */
  @ParameterizedTest
  @MethodSource("types")
  void approximatesTheProductOfDecodedWeights(StorageType type) {
    Random random = new Random(200 + type.ordinal());
    int cols = 1024;
    int rows = 48;
    Matrix w = packable(type, rows, cols, random);
    float[] x = TestArrays.gaussian(random, cols);
    float[] exact = new float[rows];
    Kernels.get().matmul(w, 0, rows, x, 0, cols, 1, exact, 0, rows);
    float[] actual = new float[rows];
    try (Arena arena = Arena.ofConfined()) {
      PackedMatrix packed = pack(w, arena);
      kernels.multiply(packed, 0, rows, prepared(packed, x, 0, 1), 0, 1, actual, 0, rows);
    }
    double error = 0;
    double norm = 0;
    for (int i = 0; i < rows; i++) {
      error += Math.pow(exact[i] - actual[i], 2);
      norm += Math.pow(exact[i], 2);
    }
    // An 8-bit code is off by at most 1/254 of its block's largest value: 0.3 % or so of a normal
    // one.
    assertThat(Math.sqrt(error / norm)).isGreaterThan(1e-4).isLessThan(0.012);
  }

  @Test
  void valuesThatAreNoNumbersSpreadToTheirTokenOnly() {
    Random random = new Random(7);
    Matrix w = packable(StorageType.Q4_K, 33, 512, random);
    float[] x = TestArrays.gaussian(random, 4 * 512);
    x[512 + 100] = Float.NaN;
    x[2 * 512 + 300] = Float.POSITIVE_INFINITY;
    assertSame(w, x, 4);
    float[] y = product(w, x, 4);
    for (int r = 0; r < 33; r++) {
      assertThat(y[r]).isFinite();
      assertThat(y[33 + r]).isNaN();
      assertThat(y[66 + r]).isNaN();
      assertThat(y[99 + r]).isFinite();
    }
  }

  @Test
  void tinyAndZeroBlocksAreZero() {
    Random random = new Random(8);
    Matrix w = packable(StorageType.Q8_0, 16, 64, random);
    float[] x = new float[128];
    for (int i = 0; i < 64; i++) {
      x[64 + i] = 1e-31f;
    }
    assertThat(product(w, x, 2)).containsOnly(0);
  }

  @Test
  void refusesWhatDoesNotFit() {
    Random random = new Random(9);
    Matrix w = packable(StorageType.Q8_0, 40, 64, random);
    try (Arena arena = Arena.ofConfined()) {
      PackedMatrix packed = pack(w, arena);
      BlockInput x = prepared(packed, TestArrays.gaussian(random, 64), 0, 1);
      float[] y = new float[40];
      assertThatThrownBy(() -> kernels.multiply(packed, 8, 24, x, 0, 1, y, 0, 40))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("cut a group");
      assertThatThrownBy(() -> kernels.multiply(packed, 0, 41, x, 0, 1, y, 0, 40))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> kernels.multiply(packed, 0, 40, x, 0, 1, y, 1, 40))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> kernels.multiply(packed, 0, 40, x, 0, 2, y, 0, 40))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
    Matrix plain = MatrixFixtures.random(StorageType.BF16, 4, 64, random);
    assertThat(PackedMatrix.packable(plain)).isFalse();
  }

  private static Matrix packable(StorageType type, int rows, int cols, Random random) {
    Matrix w = MatrixFixtures.random(type, rows, cols, random);
    while (!PackedMatrix.packable(w)) {
      // Separate scales come in random kinds.
      w = MatrixFixtures.random(type, rows, cols, random);
    }
    return w;
  }

  /** Values of sizes that differ from block to block. */
  private static float[] inputs(Random random, int tokens, int cols) {
    float[] x = TestArrays.gaussian(random, tokens * cols);
    for (int i = 0; i < x.length; i++) {
      x[i] *= 1 << (i / 32 % 7);
    }
    return x;
  }

  private static PackedMatrix pack(Matrix w, Arena arena) {
    PackedMatrix packed = PackedMatrix.allocate(w, arena);
    packed.pack(w, 0, packed.groups());
    return packed;
  }

  private BlockInput prepared(PackedMatrix w, float[] x, int from, int tokens) {
    BlockInput in = new BlockInput();
    kernels.prepare(in, tokens, w.cols(), w, tokens);
    for (int t = 0; t < tokens; t++) {
      in.quantize(t, x, (from + t) * w.cols());
    }
    return in;
  }

  private float[] product(Matrix w, float[] x, int tokens) {
    float[] y = new float[tokens * w.rows()];
    try (Arena arena = Arena.ofConfined()) {
      PackedMatrix packed = pack(w, arena);
      BlockInput in = prepared(packed, x, 0, tokens);
      kernels.multiply(packed, 0, w.rows(), in, 0, tokens, y, 0, w.rows());
    }
    return y;
  }

  private void assertSame(Matrix w, float[] x, int tokens) {
    BlockInput in = new BlockInput();
    in.begin(tokens, w.cols(), BlockInput.Form.CODES);
    for (int t = 0; t < tokens; t++) {
      in.quantize(t, x, t * w.cols());
    }
    float[] expected = new float[tokens * w.rows()];
    ScalarBlockKernels.multiply(w, 0, w.rows(), in, expected, 0, w.rows());
    TestArrays.assertSameBits(w + " x " + tokens, expected, product(w, x, tokens));
    if (tokens <= 3) {
      float[] plain = new float[expected.length];
      try (Arena arena = Arena.ofConfined()) {
        new PlainBlockKernels()
            .multiply(pack(w, arena), 0, w.rows(), in, 0, tokens, plain, 0, w.rows());
      }
      TestArrays.assertSameBits(w + " x " + tokens + ", plain", expected, plain);
    }
  }
}
