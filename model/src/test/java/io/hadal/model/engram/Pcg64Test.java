package io.hadal.model.engram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values drawn with NumPy 2.4. */
class Pcg64Test {
  private static final long RELEASE_BOUND = 46539438283891L;

  /** Nearly every third draw of the second bound has to be repeated. */
  @ParameterizedTest
  @CsvSource({
    "0, 5874934615388537134, 2488343231644625808, 114330398526872074, 5625820486984490614,"
        + " 5046313636171151834, 6468390634498590713, 37969366130732, 127448259659",
    "1, 4720721261117928062, 8766480278738261042, 6562310087627549167, 2157103121014000383,"
        + " 2928372998936013339, 5725656719006722286, 19043897952874, 25577781508676",
    "30021, 2727703110629360018, 8091777532450917644, 808436968223370167, 5224398567292570622,"
        + " 3241508908823978435, 4132278304868582094, 44524984593665, 5117808544748",
    "4294967301, 7140773188076526695, 4341650433230308033, 4813772481751451880,"
        + " 3721194322121997106, 3578411637591111832, 1454210874192622072, 3294893335728,"
        + " 22339634727536",
    "4611686018427400249, 312638395014375483, 5524011486803485865, 2929546357838440759,"
        + " 4157538460923303820, 3114757308911401233, 4880185142069663554, 3676336931009,"
        + " 5351737015613"
  })
  void drawsWhatNumPyDraws(
      long seed, long a0, long a1, long b0, long b1, long b2, long b3, long c0, long c1) {
    Pcg64 random = new Pcg64(seed);
    assertThat(draw(random, Long.MAX_VALUE, 2)).containsExactly(a0, a1);
    assertThat(draw(random, 3L * (1L << 61) + 1, 4)).containsExactly(b0, b1, b2, b3);
    assertThat(draw(random, RELEASE_BOUND, 2)).containsExactly(c0, c1);
  }

  @Test
  void refusesBoundsThatNumPyDrawsFromHalfWords() {
    Pcg64 random = new Pcg64(0);
    assertThatThrownBy(() -> random.nextLong(1L << 32))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Pcg64(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  private static long[] draw(Pcg64 random, long bound, int count) {
    long[] out = new long[count];
    for (int i = 0; i < count; i++) {
      out[i] = random.nextLong(bound);
    }
    return out;
  }
}
