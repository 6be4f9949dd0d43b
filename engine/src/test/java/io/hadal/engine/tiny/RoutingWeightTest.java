package io.hadal.engine.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import io.hadal.kernels.Bf16;
import io.hadal.kernels.BlockQuantizer;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The routing weight multiplies an expert's activations, not its output (V4.1 spec 4.3). Only the
 * FP8 rounding of activations in mode official can tell.
 */
class RoutingWeightTest {
  private static final TinyCheckpoint CHECKPOINT = V41Shape.SIX_STREAMS.checkpoint();
  private static final int LAYER = 2;

  @TempDir Path folder;

  @Test
  void weightComesBeforeTheSecondMatrix() {
    V41Config c = V41Shape.SIX_STREAMS.config();
    Map<String, float[]> seen = new HashMap<>();
    int[] tokens = V41Shape.SIX_STREAMS.tokens(8, 12);
    try (Model model = Model.load(CHECKPOINT.write(folder));
        Engine engine =
            new Engine(
                model,
                TinyModels.options().withMode(NumericMode.OFFICIAL),
                (layer, name, values, rows, width) -> {
                  if (layer == LAYER) {
                    seen.put(name, Arrays.copyOf(values, rows * width));
                  }
                });
        Session session = engine.newSession()) {
      session.append(tokens);
    }
    float[] in = get(seen, "ffn_norm");
    float[] actual = get(seen, "routed");
    double before = 0;
    double after = 0;
    for (int t = 0; t < tokens.length; t++) {
      float[] x = Arrays.copyOfRange(in, t * c.hidden, (t + 1) * c.hidden);
      double[] right = new double[c.hidden];
      double[] wrong = new double[c.hidden];
      for (int i = t * c.active; i < (t + 1) * c.active; i++) {
        String p = "layers." + LAYER + ".ffn.experts." + (int) get(seen, "gate_idx")[i] + ".";
        float weight = get(seen, "gate_w")[i];
        float[] inner = expert(p, c, x, weight);
        float[] outer = expert(p, c, x, 1);
        for (int j = 0; j < c.hidden; j++) {
          right[j] += inner[j];
          wrong[j] += outer[j] * weight;
        }
      }
      for (int j = 0; j < c.hidden; j++) {
        before += Math.pow(right[j] - actual[t * c.hidden + j], 2);
        after += Math.pow(wrong[j] - actual[t * c.hidden + j], 2);
      }
    }
    assertThat(before).isLessThan(after / 100);
  }

  private static float[] get(Map<String, float[]> seen, String name) {
    return Objects.requireNonNull(seen.get(name), name);
  }

  private static float[] expert(String p, V41Config c, float[] x, float weight) {
    float[] g = linear(p + "w1.weight", x);
    float[] u = linear(p + "w3.weight", x);
    for (int i = 0; i < g.length; i++) {
      double gate = Math.min(g[i], c.limit);
      double up = Math.clamp(u[i], -c.limit, c.limit);
      g[i] = Bf16.round((float) (weight * (gate / (1 + Math.exp(-gate))) * up));
    }
    return linear(p + "w2.weight", g);
  }

  /** FP8 input in groups of 32, sums over the groups in bf16. */
  private static float[] linear(String name, float[] x) {
    float[] in = x.clone();
    BlockQuantizer.roundFp8(in, 0, in.length, 32);
    float[] w = CHECKPOINT.values(name);
    float[] y = new float[w.length / in.length];
    for (int r = 0; r < y.length; r++) {
      for (int from = 0; from < in.length; from += 32) {
        double sum = 0;
        for (int i = from; i < Math.min(in.length, from + 32); i++) {
          sum += (double) w[r * in.length + i] * in[i];
        }
        y[r] = Bf16.round(y[r] + (float) sum);
      }
    }
    return y;
  }
}
