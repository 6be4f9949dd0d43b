package io.hadal.train.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NewtonSchulzTest {
  private final NewtonSchulz iteration = new NewtonSchulz();

  @ParameterizedTest
  @CsvSource({"9, 30, 1", "30, 9, 1e-18", "16, 17, 1e15", "1, 5, 3"})
  void rowsOrColumnsBecomeOrthonormal(int rows, int columns, float scale) {
    Random random = new Random(rows);
    float[] x = iteration.input(rows, columns);
    for (int i = 0; i < rows * columns; i++) {
      x[i] = scale * (float) random.nextGaussian();
    }
    float[] y = iteration.run();
    boolean wide = rows <= columns;
    int n = Math.min(rows, columns);
    int k = Math.max(rows, columns);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double dot = 0;
        for (int l = 0; l < k; l++) {
          double a = wide ? y[i * columns + l] : y[l * columns + i];
          double b = wide ? y[j * columns + l] : y[l * columns + j];
          dot += a * b;
        }
        assertThat(dot).as("%d %d", i, j).isCloseTo(i == j ? 1 : 0, within(0.02));
      }
    }
  }

  @Test
  void keepsSingularVectors() {
    // diag(3, -0.2) turned: the result is the same turn of diag(1, -1).
    double c = Math.cos(0.4);
    double s = Math.sin(0.4);
    float[] x = iteration.input(2, 2);
    double[] d = {3, -0.2};
    for (int i = 0; i < 4; i++) {
      x[i] = (float) turned(d, c, s, i);
    }
    float[] y = iteration.run();
    for (int i = 0; i < 4; i++) {
      assertThat((double) y[i]).isCloseTo(turned(new double[] {1, -1}, c, s, i), within(0.02));
    }
  }

  private static double turned(double[] d, double c, double s, int i) {
    double[] row = i / 2 == 0 ? new double[] {c, -s} : new double[] {s, c};
    double[] column = i % 2 == 0 ? new double[] {c, -s} : new double[] {s, c};
    return row[0] * d[0] * column[0] + row[1] * d[1] * column[1];
  }

  @Test
  void zeroHasNoDirection() {
    float[] x = iteration.input(3, 4);
    java.util.Arrays.fill(x, 0);
    assertThat(iteration.run()).isEmpty();
  }
}
