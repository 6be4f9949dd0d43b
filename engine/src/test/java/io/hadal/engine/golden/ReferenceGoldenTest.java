package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.engine.tiny.Mistake;
import io.hadal.engine.tiny.ReferenceV41;
import io.hadal.engine.tiny.V41Config;
import io.hadal.formats.Json;
import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.kernels.Bf16;
import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The reference implementation itself against the released algorithm's outputs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReferenceGoldenTest {
  private static final GoldenModel GOLDEN = GoldenModel.V41;

  /** The reference calculates in double precision, the golden in single. */
  private static final double LIMIT = 5e-5;

  private static final V41Config CONFIG = config();
  private static final Function<String, float[]> WEIGHTS = weights();

  private final float[][] right = logits("p63");

  private static V41Config config() {
    try {
      return V41Config.read(
          Json.parse(Files.readAllBytes(GOLDEN.folder().resolve("config.json")), "config.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Function<String, float[]> weights() {
    Map<String, float[]> all = new HashMap<>();
    try (Safetensors store = Safetensors.open(GOLDEN.folder().resolve("model.safetensors"))) {
      for (String name : store.names()) {
        all.put(name, floats(store.get(name)));
      }
    }
    return name -> Objects.requireNonNull(all.get(name), name);
  }

  private static float[] floats(StoredTensor t) {
    if (t.type() == StorageType.F32) {
      return t.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
    assertThat(t.type()).isEqualTo(StorageType.BF16);
    short[] bits = t.data().toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
    float[] out = new float[bits.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = Bf16.decode(bits[i]);
    }
    return out;
  }

  private static ReferenceV41 reference(Mistake... mistakes) {
    return new ReferenceV41(CONFIG, GOLDEN.ints("engram.token_map"), WEIGHTS, false, mistakes);
  }

  private static float[][] logits(String prompt, Mistake... mistakes) {
    return Arrays.stream(reference(mistakes).logits(GOLDEN.tokens(prompt)))
        .map(ReferenceGoldenTest::floats)
        .toArray(float[][]::new);
  }

  private static float[] floats(double[] v) {
    float[] out = new float[v.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) v[i];
    }
    return out;
  }

  @Test
  void logitsOfPrompts() {
    for (String id : List.of("p1", "p3", "p17", "p200")) {
      Rows.near(GOLDEN, id, logits(id), LIMIT);
    }
    Rows.near(GOLDEN, "p63", right, LIMIT);
  }

  @Test
  void proposals() {
    for (JsonNode entry : GOLDEN.index().path("dspark")) {
      String id = entry.path("prompt").asString();
      if (id.equals("p200")) {
        continue;
      }
      int[] targets = GoldenModel.ints(entry.path("target_tokens"));
      float[] confidence = GOLDEN.floats("dspark." + id + ".confidence_raw");
      int[] tokens = GOLDEN.tokens(id);
      for (int k = 0; k < 4; k++) {
        tokens = Arrays.copyOf(tokens, tokens.length + 1);
        tokens[tokens.length - 1] = targets[k];
        int[] expected = GoldenModel.ints(entry.path("proposals").get(k));
        ReferenceV41.Proposal p = reference().propose(tokens, expected[0]);
        assertThat(p.tokens()).isEqualTo(Arrays.copyOfRange(expected, 1, expected.length));
        int n = p.tokens().length;
        assertThat(Rows.distance(floats(p.confidence()), 0, confidence, k * n, n)).isLessThan(1e-4);
      }
    }
  }

  /** Mistakes move the reference as far as they move the released algorithm. */
  @ParameterizedTest
  @CsvSource({
    "COMB_TRANSPOSED, comb transposed",
    "SINKHORN_ONE_ROUND, one Sinkhorn round",
    "PRE_OF_THE_SAME_SITE, mHC pre not delayed",
    "NO_INVERSE_ROPE, no inverse rope on attention output",
    "HALF_SPLIT_ROPE, half-split rope pairs",
    "NO_SINK, sink ignored",
    "HEAD_NORM, extra per-head q norm",
    "CANDIDATES_IGNORED, candidate mask ignored",
    "TOP_K_ONE_MORE, index_topk + 1",
    "ENGRAM_PLAIN_SIGMOID, Engram gate: plain sigmoid(dot)",
    "ENGRAM_MULTIPLIERS_REVERSED, Engram multipliers 1.. in wrong order",
    "YARN_ON_WINDOW_LAYERS, compressed-layer rope table on window layers"
  })
  void mistakesMoveAsFar(Mistake mistake, String name) {
    double moved = Rows.distance(logits("p63", mistake), right);
    double expected = GOLDEN.index().path("sensitivity").path(name).get(0).asDouble();
    assertThat(moved).isCloseTo(expected, within(1e-2));
  }
}
