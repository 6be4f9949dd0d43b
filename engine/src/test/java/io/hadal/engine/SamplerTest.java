package io.hadal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Choices among logits that no sound model gives. */
class SamplerTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  private static float[] all(float value) {
    float[] logits = new float[50];
    Arrays.fill(logits, value);
    return logits;
  }

  private static BitSet only(int... ids) {
    BitSet set = new BitSet();
    for (int id : ids) {
      set.set(id);
    }
    return set;
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-300, 0.5, 100})
  void damagedWeightsAreCalledThat(double temperature) {
    float[] oneInfinite = all(0);
    oneInfinite[7] = INFINITY;
    for (float[] logits :
        new float[][] {all(-INFINITY), all(INFINITY), all(Float.NaN), oneInfinite}) {
      for (int topK : new int[] {0, 3}) {
        for (double topP : new double[] {1, 0.5}) {
          SamplingOptions options = new SamplingOptions(temperature, topP, topK, 1);
          assertThatThrownBy(() -> new Sampler(options).sample(logits, 4))
              .isInstanceOf(UnusableLogitsException.class);
          assertThatThrownBy(() -> new Sampler(options, 3).sample(logits, 4, null, only(1, 7)))
              .isInstanceOf(UnusableLogitsException.class);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.7})
  void rulesThatAllowNothingAreNoDamage(double temperature) {
    float[] logits = all(1);
    logits[8] = -INFINITY;
    Sampler sampler = new Sampler(new SamplingOptions(temperature, 1, 0, 1), 3);
    for (BitSet allowed : new BitSet[] {only(), only(3), only(8), only(60)}) {
      assertThatThrownBy(() -> sampler.sample(logits, 4, null, allowed))
          .isInstanceOf(NothingAllowedException.class);
    }
    assertThat(sampler.sample(logits, 4, null, only(3, 8, 9))).isEqualTo(9);
  }

  @Test
  void someUnusableLogitsAreNeverChosen() {
    float[] logits = all(Float.NaN);
    logits[5] = -INFINITY;
    logits[6] = -3;
    logits[9] = -3;
    SamplingOptions options = new SamplingOptions(1, 1, 0, 0, 1, 0, 0, Map.of(9, -100f), 1);
    for (int position = 0; position < 50; position++) {
      assertThat(new Sampler(options).sample(logits, position)).isEqualTo(6);
    }
  }
}
