package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class RandomBlocksTest {
  private static final int ROWS = 128;
  private static final int COLS = 1024;

  static Stream<StorageType> weights() {
    return Arrays.stream(StorageType.values()).filter(StorageType::isMatrixWeight);
  }

  private static float[] values(StorageType type, double deviation, long seed) {
    RandomBlocks blocks = RandomBlocks.of(type, deviation);
    SplittableRandom random = new SplittableRandom(seed);
    byte[] data = new byte[(int) type.bytes((long) ROWS * COLS)];
    blocks.fill(random, data);
    MemorySegment codes = MemorySegment.ofArray(data);
    Matrix m;
    if (type == StorageType.F8_E4M3 || type == StorageType.FP4_E2M1) {
      byte[] scales = new byte[ROWS * COLS / 32];
      for (int i = 0; i < scales.length; i++) {
        scales[i] = blocks.tileScale(random);
      }
      BlockScales tiles =
          new BlockScales(StorageType.F8_E8M0, MemorySegment.ofArray(scales), 1, 32, COLS / 32);
      m = Matrix.scaled(type, codes, ROWS, COLS, tiles);
    } else {
      m = Matrix.of(type, codes, ROWS, COLS);
    }
    float[] out = new float[ROWS * COLS];
    for (int r = 0; r < ROWS; r++) {
      Kernels.get().dequantize(m, r, 0, COLS, out, r * COLS);
    }
    return out;
  }

  @ParameterizedTest
  @MethodSource("weights")
  void valuesAreFiniteWithTheDeviationAndWithoutBias(StorageType type) {
    for (double deviation : new double[] {1.0 / 64, 1}) {
      double sum = 0;
      double squares = 0;
      for (float v : values(type, deviation, 3)) {
        assertThat(v).isFinite();
        sum += v;
        squares += (double) v * v;
      }
      int n = ROWS * COLS;
      assertThat(Math.sqrt(squares / n) / deviation).isCloseTo(1, within(0.05));
      assertThat(sum / n / deviation).isCloseTo(0, within(0.05));
    }
  }

  @ParameterizedTest
  @MethodSource("weights")
  void theSeedDecides(StorageType type) {
    float[] first = values(type, 0.1, 5);
    assertThat(values(type, 0.1, 5)).isEqualTo(first);
    assertThat(values(type, 0.1, 6)).isNotEqualTo(first);
  }

  @ParameterizedTest
  @EnumSource(names = {"I32", "F8_E8M0", "F64"})
  void onlyTypesOfWeights(StorageType type) {
    assertThatThrownBy(() -> RandomBlocks.of(type, 1)).hasMessageContaining(type.name());
  }

  @Test
  void codesThatQuantisersNeverWriteAreLeftOut() {
    RandomBlocks blocks = RandomBlocks.of(StorageType.Q8_0, 1);
    byte[] data = new byte[34 * 1000];
    blocks.fill(new SplittableRandom(1), data);
    for (int i = 0; i < data.length; i++) {
      if (i % 34 >= 2) {
        assertThat(data[i]).isGreaterThan(Byte.MIN_VALUE);
      }
    }
  }
}
