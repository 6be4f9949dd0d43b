package io.hadal.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.openjdk.jmh.annotations.Param;

class MatmulBenchmarkTest {
  @Test
  void coversEveryMatrixType() throws NoSuchFieldException {
    String[] measured =
        MatmulBenchmark.class.getDeclaredField("type").getAnnotation(Param.class).value();
    assertThat(measured)
        .containsExactlyInAnyOrder(
            Arrays.stream(StorageType.values())
                .filter(StorageType::isMatrixWeight)
                .map(StorageType::name)
                .toArray(String[]::new));
  }

  @ParameterizedTest
  @EnumSource
  void randomMatricesHaveTheAskedShape(StorageType type) {
    if (!type.isMatrixWeight()) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      Matrix matrix = RandomMatrix.create(arena, type, 160, 512, 7);
      assertThat(matrix.type()).isEqualTo(type);
      assertThat(matrix.rows()).isEqualTo(160);
      assertThat(matrix.cols()).isEqualTo(512);
    }
  }
}
