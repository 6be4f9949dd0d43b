package io.hadal.engine.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Mode exact against an independent implementation in double precision. */
class ReferenceTest {
  private static final double TOLERANCE = 1e-4;

  @RegisterExtension static final TinyModels MODELS = new TinyModels();

  @ParameterizedTest
  @CsvSource({"PLAIN, 300", "THREE_HEADS, 150", "FIVE_HEADS, 150", "SEVEN_HEADS, 300"})
  void everyPositionAgrees(TinyShape shape, int length) {
    int[] tokens = shape.tokens(1, length);
    double[][] expected = new ReferenceModel(shape.checkpoint()).logits(tokens);
    try (Engine engine = new Engine(MODELS.load(shape), TinyModels.options());
        Session session = engine.newSession()) {
      float[][] actual = session.appendAll(tokens);
      for (int t = 0; t < length; t++) {
        assertThat(distance(expected[t], actual[t])).as("position %d", t).isLessThan(TOLERANCE);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"PLAIN", "THREE_HEADS", "SEVEN_HEADS"})
  void draftsAgree(TinyShape shape) {
    for (int length : new int[] {1, 2, 9, 140}) {
      int[] tokens = shape.tokens(length, length);
      double[][] expected = new ReferenceModel(shape.checkpoint()).draftLogits(tokens, 7);
      try (Engine engine =
          new Engine(MODELS.load(shape), TinyModels.options().withDrafting(true))) {
        float[][] actual = engine.draftLogits(tokens, 7);
        for (int t = 0; t < length; t++) {
          assertThat(distance(expected[t], actual[t]))
              .as("%d of %d", t, length)
              .isLessThan(TOLERANCE);
        }
      }
    }
  }

  private static final Map<TinyShape, double[][]> RIGHT = new EnumMap<>(TinyShape.class);

  static Set<Mistake> mistakes() {
    Set<Mistake> all = EnumSet.copyOf(Mistake.of(Mistake.Family.V4));
    all.remove(Mistake.SINKHORN_ONE_ROUND_SHORT);
    return all;
  }

  /** A test that no mistake can fail proves nothing: every known mistake must be far outside. */
  @ParameterizedTest
  @MethodSource("mistakes")
  void mistakesAreFarOutsideTheTolerance(Mistake mistake) {
    int[] tokens = TinyShape.PLAIN.tokens(2, 64);
    double[][] right =
        RIGHT.computeIfAbsent(
            TinyShape.PLAIN, s -> new ReferenceModel(s.checkpoint()).logits(tokens));
    double[][] wrong = new ReferenceModel(TinyShape.PLAIN.checkpoint(), mistake).logits(tokens);
    double worst = 0;
    for (int t = 0; t < tokens.length; t++) {
      worst = Math.max(worst, distance(right[t], toFloat(wrong[t])));
    }
    assertThat(worst).isGreaterThan(2 * TOLERANCE);
  }

  @Test
  void windowOf128IsNotOneShorter() {
    int[] tokens = TinyShape.SEVEN_HEADS.tokens(3, 140);
    double[][] right = new ReferenceModel(TinyShape.SEVEN_HEADS.checkpoint()).logits(tokens);
    double[][] wrong =
        new ReferenceModel(TinyShape.SEVEN_HEADS.checkpoint(), Mistake.WINDOW_ONE_SHORT)
            .logits(tokens);
    assertThat(distance(right[126], toFloat(wrong[126]))).isLessThan(TOLERANCE);
    assertThat(distance(right[127], toFloat(wrong[127]))).isGreaterThan(5 * TOLERANCE);
  }

  private static float[] toFloat(double[] v) {
    float[] out = new float[v.length];
    for (int i = 0; i < v.length; i++) {
      out[i] = (float) v[i];
    }
    return out;
  }

  private static double distance(double[] a, float[] b) {
    assertThat(b).hasSameSizeAs(a);
    double worst = 0;
    for (int i = 0; i < a.length; i++) {
      double delta = Math.abs(a[i] - b[i]);
      worst = Double.isNaN(delta) ? Double.POSITIVE_INFINITY : Math.max(worst, delta);
    }
    return worst;
  }
}
