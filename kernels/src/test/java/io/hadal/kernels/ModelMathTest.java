package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rotation, Sinkhorn splits, routing and selection against goldens. */
class ModelMathTest {
  private static final GoldenTensors UNITS = GoldenTensors.load("units.safetensors");
  private static final GoldenTensors UNITS_V41 = GoldenTensors.load("units-v41.safetensors");
  private static final int[] POSITIONS = {0, 1, 5, 127, 4095, 65536, 1000000};

  private static float[] ropeCase(String name) {
    return switch (name) {
      case "main64" -> Rope.frequencies(64, 10000);
      case "yarn64" -> Rope.yarnFrequencies(64, 160000, 16, 65536, 32, 1);
      case "main32" -> Rope.frequencies(32, 10000);
      case "yarn32" -> Rope.yarnFrequencies(32, 160000, 16, 65536, 32, 1);
      default -> Rope.yarnFrequencies(32, 160000, 8, 512, 32, 1);
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"main64", "yarn64", "main32", "yarn32", "yarn32b"})
  void ropeTables(String name) {
    float[] frequencies = ropeCase(name);
    float[] golden = UNITS.floats("rope." + name + ".inv_freq");
    for (int i = 0; i < golden.length; i++) {
      assertThat(frequencies[i]).isBetween(golden[i] * (1 - 3e-7f), golden[i] * (1 + 3e-7f));
    }
    Rope rope = new Rope(golden);
    int pairs = golden.length;
    float[] cos = new float[pairs];
    float[] sin = new float[pairs];
    float[] goldenCos = UNITS.floats("rope." + name + ".cos");
    float[] goldenSin = UNITS.floats("rope." + name + ".sin");
    for (int p = 0; p < POSITIONS.length; p++) {
      rope.cosSin(POSITIONS[p], cos, sin);
      double tolerance = POSITIONS[p] >= 65536 ? 5e-3 : 2e-6;
      int at = p * pairs;
      TestArrays.assertClose("cos", Arrays.copyOfRange(goldenCos, at, at + pairs), cos, tolerance);
      TestArrays.assertClose("sin", Arrays.copyOfRange(goldenSin, at, at + pairs), sin, tolerance);
    }
  }

  @Test
  void releaseFrequencies() {
    float[] window = Rope.frequencies(64, 10000);
    float[] compressed = Rope.yarnFrequencies(64, 160000, 16, 65536, 32, 1);
    TestArrays.assertClose("window", UNITS_V41.floats("rope.window.freq"), window, 3e-8);
    TestArrays.assertClose(
        "compressed", UNITS_V41.floats("rope.compressed.freq"), compressed, 3e-8);
    // Spec A.1.
    assertThat(window[1]).isEqualTo(0.749894202f);
    assertThat(window[8]).isEqualTo(0.100000001f);
    assertThat(compressed[17]).isCloseTo(0.00139680132f, within(1e-9f));
    assertThat(compressed[31]).isCloseTo(5.6805294e-07f, within(1e-13f));
  }

  @Test
  void ropeRotatesAndBack() {
    float[] in = UNITS.floats("rope.apply.in");
    float[] expected = UNITS.floats("rope.apply.out");
    float[] x = in.clone();
    Rope rope = new Rope(Rope.yarnFrequencies(32, 160000, 16, 65536, 32, 1));
    for (int row = 0; row < 14; row++) {
      rope.apply(x, 96 * row + 64, POSITIONS[row / 2], false);
    }
    float[] near = Arrays.copyOf(x, 10 * 96);
    TestArrays.assertClose("near", Arrays.copyOf(expected, 10 * 96), near, 2e-6);
    TestArrays.assertClose("far", expected, x, 1e-2);
    for (int row = 0; row < 14; row++) {
      rope.apply(x, 96 * row + 64, POSITIONS[row / 2], true);
    }
    TestArrays.assertClose("inverse", in, x, 1e-6);
  }

  @Test
  void sinkhornGolden() {
    checkSplit(UNITS, "hc", 4, 16);
    checkSplit(UNITS_V41, "mhc4", 4, 7);
    checkSplit(UNITS_V41, "mhc6", 6, 5);
    checkSplit(UNITS_V41, "mhc1", 1, 3);
  }

  private static void checkSplit(GoldenTensors golden, String name, int s, int rows) {
    float[] mixes = golden.floats(name + ".mixes");
    int width = 2 * s + s * s;
    float[] pre = new float[s];
    float[] post = new float[s];
    float[] comb = new float[s * s];
    for (int r = 0; r < rows; r++) {
      Sinkhorn.split(
          mixes,
          r * width,
          golden.floats(name + ".scale"),
          golden.floats(name + ".base"),
          s,
          20,
          1e-6f,
          0,
          pre,
          post,
          comb);
      String what = name + " row " + r;
      TestArrays.assertClose(what, rowOf(golden.floats(name + ".pre"), r, s), pre, 1e-6);
      TestArrays.assertClose(what, rowOf(golden.floats(name + ".post"), r, s), post, 1e-6);
      TestArrays.assertClose(what, rowOf(golden.floats(name + ".comb"), r, s * s), comb, 1e-6);
    }
  }

  private static float[] rowOf(float[] all, int row, int n) {
    return Arrays.copyOfRange(all, row * n, (row + 1) * n);
  }

  @Test
  void sinkhornOfTheSpecification() {
    float[] mixes = new float[24];
    float[] base = new float[24];
    for (int i = 0; i < 24; i++) {
      mixes[i] = 0.5f * ((i % 7) - 3);
      base[i] = 0.1f * ((i % 3) - 1);
    }
    float[] pre = new float[4];
    float[] post = new float[4];
    float[] comb = new float[16];
    Sinkhorn.split(mixes, 0, new float[] {1, 0.5f, 2}, base, 4, 20, 1e-6f, 0, pre, post, comb);
    float[] expectedPre = {0.167982615f, 0.268942421f, 0.401313340f, 0.475021813f};
    float[] expectedPost = {1.124353002f, 1.291312612f, 1.314020925f, 0.641642602f};
    float[] expectedComb = {
      0.007136917f, 0.046978741f, 0.472977900f, 0.473980429f,
      0.099634617f, 0.885309880f, 0.008131848f, 0.006035383f,
      0.007021422f, 0.062388190f, 0.465323489f, 0.466309757f,
      0.886206045f, 0.005322190f, 0.053565759f, 0.053673430f
    };
    TestArrays.assertClose("pre", expectedPre, pre, 1e-6);
    TestArrays.assertClose("post", expectedPost, post, 1e-6);
    TestArrays.assertClose("comb", expectedComb, comb, 2e-6);
  }

  @Test
  void routerGolden() {
    float[] logits = UNITS.floats("router.logits");
    float[] scores = new float[logits.length];
    Router.scores(logits, 0, logits.length, scores, 0);
    TestArrays.assertClose("scores", UNITS.floats("router.scores"), scores, 1e-6);
    int[] ids = new int[48];
    float[] weights = new float[48];
    for (int t = 0; t < 12; t++) {
      Router.select(scores, 16 * t, 16, UNITS.floats("router.bias"), 4, ids, 4 * t);
      Router.weights(scores, 16 * t, ids, 4 * t, 4, 2.5f, weights, 4 * t);
    }
    assertThat(ids).isEqualTo(UNITS.ints("router.ids"));
    TestArrays.assertClose("weights", UNITS.floats("router.weights"), weights, 1e-6);
  }

  @Test
  void routerTiesAndExtremes() {
    float[] scores = {1, 3, Float.NaN, 3, 3, 0, Float.POSITIVE_INFINITY};
    int[] ids = new int[3];
    Router.select(scores, 0, 7, null, 3, ids, 0);
    assertThat(ids).containsExactly(1, 3, 6);
    int[] all = new int[7];
    Router.select(scores, 0, 7, null, 7, all, 0);
    assertThat(all).containsExactly(0, 1, 2, 3, 4, 5, 6);
    float[] none = {0, 0};
    Router.weights(none, 0, new int[] {0, 1}, 0, 2, 1.5f, none, 0);
    assertThat(none).containsExactly(0, 0);
    float[] out = new float[3];
    Router.scores(new float[] {-1000, 1000, 0}, 0, 3, out, 0);
    assertThat(out).containsExactly(0, (float) Math.sqrt(1000), (float) Math.sqrt(Math.log(2)));
  }

  @Test
  void topKEqualsASort() {
    Random random = new Random(6);
    float[] few = {
      0, -0f, 1, -1, Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, 5e-45f
    };
    for (int round = 0; round < 3000; round++) {
      // Some rows are many times longer than the room for candidates.
      int n = random.nextInt(round % 20 == 0 ? 2000 : 60);
      float[] scores = TestArrays.gaussian(random, n + 2);
      if (round % 3 == 0) {
        Arrays.sort(scores);
      }
      if (round % 2 == 0) {
        for (int i = 0; i < scores.length; i++) {
          scores[i] = few[random.nextInt(few.length)];
        }
      }
      int k = random.nextInt(70);
      int[] out = new int[Math.min(k, n)];
      assertThat(TopK.select(scores, 2, n, k, out)).isEqualTo(out.length);
      Integer[] order = new Integer[n];
      Arrays.setAll(order, i -> i);
      Arrays.sort(
          order,
          (a, b) -> {
            float x = Float.isNaN(scores[2 + a]) ? Float.NEGATIVE_INFINITY : scores[2 + a] + 0f;
            float y = Float.isNaN(scores[2 + b]) ? Float.NEGATIVE_INFINITY : scores[2 + b] + 0f;
            return x == y ? Integer.compare(b, a) : Float.compare(y, x);
          });
      int[] expected = new int[out.length];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = order[i];
      }
      Arrays.sort(expected);
      assertThat(out).isEqualTo(expected);
    }
  }
}
