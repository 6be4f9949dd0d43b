package io.hadal.model.engram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.kernels.Bf16;
import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import io.hadal.model.config.NumericMode;
import io.hadal.model.engram.ShortConvolution.History;
import io.hadal.model.forward.EngramFusion;
import io.hadal.model.forward.EngramFusion.Stretch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EngramFusionTest {
  private static final int STREAMS = 4;
  private static final int HIDDEN = 128;
  private static final float EPS = 1e-20f;
  private static final Linear LINEAR =
      (w, x, xStride, tokens, y, yStride) ->
          Kernels.get().matmul(w, 0, w.rows(), x, 0, xStride, tokens, y, 0, yStride);

  @ParameterizedTest
  @CsvSource({"e, 1", "e, 4", "e8, 1", "e8, 4"})
  void agreesWithTheGoldenModels(String model, int layer) {
    try (Safetensors golden = Goldens.model(model)) {
      EngramWeights weights = weights(golden, layer);
      String prefix = "layer" + layer + ".";
      float[] e = Goldens.floats(golden.get(prefix + "engram_e"));
      float[] x = Goldens.floats(golden.get(prefix + "engram_in"));
      int tokens = x.length / (STREAMS * HIDDEN);
      Map<String, float[]> seen = new HashMap<>();
      new EngramFusion(STREAMS, HIDDEN, EPS, NumericMode.EXACT)
          .forward(
              weights,
              e,
              new int[tokens],
              0,
              tokens,
              x,
              null,
              LINEAR,
              layer,
              (l, name, values, rows, width) -> {
                assertThat(l).isEqualTo(layer);
                seen.put(name, Arrays.copyOf(values, rows * width));
              });
      assertThat(seen)
          .containsOnlyKeys(
              "engram_e", "engram_key", "engram_value", "engram_dot", "engram_gate", "engram_out");
      seen.forEach(
          (name, values) -> {
            float[] expected = Goldens.floats(golden.get(prefix + name));
            assertThat(values).as(name).hasSameSizeAs(expected);
            assertThat(largestDifference(values, expected)).as(name).isLessThan(2e-5f);
          });
      assertThat(x).containsExactly(seen.get("engram_out"));
    }
  }

  @Test
  void deadPositionsStayUnchanged() {
    try (Safetensors golden = Goldens.model("e")) {
      float[] e = Goldens.floats(golden.get("layer1.engram_e"));
      float[] before = Goldens.floats(golden.get("layer1.engram_in"));
      float[] x = before.clone();
      int[] canonical = {0, EngramIndex.DEAD, 5};
      new EngramFusion(STREAMS, HIDDEN, EPS, NumericMode.EXACT)
          .forward(weights(golden, 1), e, canonical, 1, 2, x, null, LINEAR, 1, null);
      int n = STREAMS * HIDDEN;
      assertThat(Arrays.copyOf(x, n)).containsExactly(Arrays.copyOf(before, n));
      assertThat(Arrays.copyOfRange(x, n, 2 * n))
          .isNotEqualTo(Arrays.copyOfRange(before, n, 2 * n));
      assertThat(Arrays.copyOfRange(x, 2 * n, x.length))
          .containsExactly(Arrays.copyOfRange(before, 2 * n, x.length));
    }
  }

  @Test
  void officialModeRoundsTheStreams() {
    try (Safetensors golden = Goldens.model("e")) {
      float[] e = Goldens.floats(golden.get("layer1.engram_e"));
      float[] x = Goldens.floats(golden.get("layer1.engram_in"));
      new EngramFusion(STREAMS, HIDDEN, EPS, NumericMode.OFFICIAL)
          .forward(weights(golden, 1), e, new int[2], 0, 2, x, null, LINEAR, 1, null);
      for (int i = 0; i < 2 * STREAMS * HIDDEN; i++) {
        assertThat(x[i]).isEqualTo(Bf16.round(x[i]));
      }
    }
  }

  /** A key of zeros has dot 0, and the floor of the root gives sigmoid(1e-3). */
  @Test
  void gateOfAZeroDot() {
    Matrix zero = matrix(new float[2 * 4 * 4], 8, 4);
    float[] gate = new float[1];
    new EngramFusion(1, 4, EPS, NumericMode.EXACT)
        .forward(
            EngramWeights.released(zero, ones(4), ones(4)),
            new float[4],
            new int[1],
            0,
            1,
            new float[] {1, 2, 3, 4},
            null,
            LINEAR,
            0,
            (layer, name, values, rows, width) -> {
              if (name.equals("engram_gate")) {
                gate[0] = values[0];
              }
            });
    assertThat(gate[0]).isEqualTo((float) (1 / (1 + Math.exp(-1e-3))));
  }

  /** Bias and convolution against the formulas written out position by position. */
  @Test
  void demonstrationFormFollowsTheFormulas() {
    Demo demo = new Demo(2, 8, 3, 11);
    int tokens = 25;
    float[] e = demo.random(tokens * 5);
    float[] x = demo.random(tokens * 16);
    float[] expected = demo.reference(e, x, tokens);
    float[] whole = x.clone();
    demo.run(e, whole, 0, tokens, demo.convolution.start());
    assertThat(largestDifference(whole, expected)).isLessThan(2e-5f);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void convolutionInAnyChunksAndAfterRollback(long seed) {
    Demo demo = new Demo(2, 8, 3, 11);
    Random random = new Random(seed);
    int tokens = 40;
    float[] e = demo.random(tokens * 5);
    float[] x = demo.random(tokens * 16);
    float[] whole = x.clone();
    demo.run(e, whole, 0, tokens, demo.convolution.start());
    float[] parts = x.clone();
    History history = demo.convolution.start();
    for (int at = 0; at < tokens; ) {
      int count = 1 + random.nextInt(Math.min(12, tokens - at));
      History saved = history.copy();
      demo.run(e, x.clone(), at, count, history);
      history.restore(saved);
      demo.run(e, parts, at, count, history);
      at += count;
    }
    assertThat(parts).containsExactly(whole);
  }

  @Test
  void zeroConvolutionIsThePlainForm() {
    Demo demo = new Demo(2, 8, 3, 11);
    ShortConvolution none = new ShortConvolution(2, 8, 3, new float[64], ones(16));
    float[] e = demo.random(10 * 5);
    float[] x = demo.random(10 * 16);
    float[] plain = x.clone();
    demo.fusion.forward(
        EngramWeights.of(demo.projection, demo.bias, demo.query, demo.key, null),
        e,
        new int[10],
        0,
        10,
        plain,
        null,
        LINEAR,
        0,
        null);
    float[] convolved = x.clone();
    demo.fusion.forward(
        EngramWeights.of(demo.projection, demo.bias, demo.query, demo.key, none),
        e,
        new int[10],
        0,
        10,
        convolved,
        List.of(new Stretch(0, 10, none.start())),
        LINEAR,
        0,
        null);
    assertThat(largestDifference(plain, convolved)).isLessThan(1e-6f);
  }

  @Test
  void wrongShapesAreRefused() {
    Demo demo = new Demo(2, 8, 3, 11);
    EngramWeights weights = EngramWeights.released(demo.projection, ones(16), ones(16));
    assertThatThrownBy(
            () ->
                new EngramFusion(3, 8, EPS, NumericMode.EXACT)
                    .forward(
                        weights,
                        new float[5],
                        new int[1],
                        0,
                        1,
                        new float[24],
                        null,
                        LINEAR,
                        0,
                        null))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                demo.fusion.forward(
                    weights,
                    new float[5],
                    new int[1],
                    0,
                    1,
                    new float[16],
                    List.of(new Stretch(0, 1, demo.convolution.start())),
                    LINEAR,
                    0,
                    null))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> EngramWeights.released(demo.projection, ones(16), ones(8)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ShortConvolution(2, 8, 3, new float[63], ones(16)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** A small module with bias and convolution. */
  private static final class Demo {
    static final float DEMO_EPS = 1.19e-7f;

    final Random random;
    final int streams;
    final int hidden;
    final int dilation;
    final float[] dense;
    final Matrix projection;
    final float[] bias;
    final float[] query;
    final float[] key;
    final float[] taps;
    final float[] norm;
    final ShortConvolution convolution;
    final EngramWeights weights;
    final EngramFusion fusion;

    Demo(int streams, int hidden, int dilation, long seed) {
      this.random = new Random(seed);
      this.streams = streams;
      this.hidden = hidden;
      this.dilation = dilation;
      int n = streams * hidden;
      dense = random((n + hidden) * 5);
      projection = matrix(dense, n + hidden, 5);
      bias = random(n + hidden);
      query = random(n);
      key = random(n);
      taps = random(4 * n);
      norm = random(n);
      convolution = new ShortConvolution(streams, hidden, dilation, taps, norm);
      weights = EngramWeights.of(projection, bias, query, key, convolution);
      fusion = new EngramFusion(streams, hidden, DEMO_EPS, NumericMode.EXACT);
    }

    float[] random(int n) {
      float[] out = new float[n];
      for (int i = 0; i < n; i++) {
        out[i] = (float) random.nextGaussian();
      }
      return out;
    }

    void run(float[] e, float[] x, int from, int count, History history) {
      int n = streams * hidden;
      float[] part = Arrays.copyOfRange(x, from * n, (from + count) * n);
      float[] rows = Arrays.copyOfRange(e, from * 5, (from + count) * 5);
      List<Stretch> whole = List.of(new Stretch(0, count, history));
      fusion.forward(weights, rows, new int[count], 0, count, part, whole, LINEAR, 0, null);
      System.arraycopy(part, 0, x, from * n, part.length);
    }

    float[] reference(float[] e, float[] x, int tokens) {
      int n = streams * hidden;
      double[][] u = new double[tokens][n];
      double[][] normed = new double[tokens][n];
      for (int t = 0; t < tokens; t++) {
        double[] kv = new double[n + hidden];
        for (int r = 0; r < kv.length; r++) {
          kv[r] = bias[r];
          for (int i = 0; i < 5; i++) {
            kv[r] += dense[r * 5 + i] * e[t * 5 + i];
          }
        }
        for (int b = 0; b < streams; b++) {
          double hh = 0;
          double kk = 0;
          double dot = 0;
          for (int i = b * hidden; i < (b + 1) * hidden; i++) {
            double h = x[t * n + i];
            hh += h * h;
            kk += kv[i] * kv[i];
            dot += h * query[i] * key[i] * kv[i];
          }
          dot /= Math.sqrt((hh / hidden + DEMO_EPS) * (kk / hidden + DEMO_EPS) * hidden);
          double root = Math.signum(dot) * Math.sqrt(Math.max(Math.abs(dot), 1e-6));
          double g = 1 / (1 + Math.exp(-root));
          double uu = 0;
          for (int i = 0; i < hidden; i++) {
            u[t][b * hidden + i] = g * kv[n + i];
            uu += u[t][b * hidden + i] * u[t][b * hidden + i];
          }
          for (int i = b * hidden; i < (b + 1) * hidden; i++) {
            normed[t][i] = u[t][i] / Math.sqrt(uu / hidden + 1e-5) * norm[i];
          }
        }
      }
      float[] out = new float[tokens * n];
      for (int t = 0; t < tokens; t++) {
        for (int c = 0; c < n; c++) {
          double s = 0;
          for (int j = 0; j < 4; j++) {
            int at = t - (3 - j) * dilation;
            s += at < 0 ? 0 : taps[c * 4 + j] * normed[at][c];
          }
          out[t * n + c] = (float) (x[t * n + c] + u[t][c] + s / (1 + Math.exp(-s)));
        }
      }
      return out;
    }
  }

  private static EngramWeights weights(Safetensors store, int layer) {
    String prefix = "layers." + layer + ".engram.";
    StoredTensor wkv = store.get(prefix + "wkv.weight");
    int rows = Math.toIntExact(wkv.shape().get(0));
    int cols = Math.toIntExact(wkv.shape().get(1));
    StoredTensor scale = store.find(prefix + "wkv.scale");
    Matrix projection =
        scale == null
            ? Matrix.of(wkv.type(), wkv.data(), rows, cols)
            : Matrix.scaled(
                wkv.type(),
                wkv.data(),
                rows,
                cols,
                new BlockScales(StorageType.F8_E8M0, scale.data(), 32, 32, cols / 32));
    return EngramWeights.released(
        projection, vector(store.get(prefix + "q_weight")), vector(store.get(prefix + "k_weight")));
  }

  private static float[] vector(StoredTensor tensor) {
    int n = Math.toIntExact(tensor.elements());
    float[] out = new float[n];
    Kernels.get().dequantize(Matrix.of(tensor.type(), tensor.data(), 1, n), 0, 0, n, out, 0);
    return out;
  }

  private static Matrix matrix(float[] values, int rows, int cols) {
    return Matrix.of(StorageType.F32, MemorySegment.ofArray(values), rows, cols);
  }

  private static float[] ones(int n) {
    float[] out = new float[n];
    Arrays.fill(out, 1);
    return out;
  }

  private static float largestDifference(float[] a, float[] b) {
    float largest = 0;
    for (int i = 0; i < b.length; i++) {
      float difference = Math.abs(a[i] - b[i]);
      largest = Float.isNaN(difference) ? Float.POSITIVE_INFINITY : Math.max(largest, difference);
    }
    return largest;
  }
}
