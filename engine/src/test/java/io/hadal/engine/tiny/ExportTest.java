package io.hadal.engine.tiny;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.engine.tiny.TinyCheckpoint.Storage;
import io.hadal.formats.FormatException;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.StorageType;
import io.hadal.model.weights.GgufExport;
import io.hadal.model.weights.SafetensorsExport;
import io.hadal.model.weights.SafetensorsExport.Encoding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exported checkpoints against the original: bits where nothing is lost, else the error. */
class ExportTest {
  private static final int TOKENS = 24;

  /** First tokens, of which errors are measured. */
  private static final int MEASURED = 4;

  @TempDir private Path folder = Path.of("");

  private static float[][] run(Path checkpoint, int[] tokens) {
    EngineOptions options =
        EngineOptions.defaults().withThreads(2).withContext(100).withStepTokens(64);
    try (Engine engine = Engine.open(checkpoint, options);
        Session session = engine.newSession()) {
      return session.appendAll(tokens);
    }
  }

  /**
   * Relative error of the logits of the first tokens: later ones hang on choices of experts. Random
   * weights pass an error on far more than trained ones.
   */
  private static double error(float[][] expected, float[][] actual) {
    double error = 0;
    double power = 0;
    for (int t = 0; t < MEASURED; t++) {
      for (int v = 0; v < expected[t].length; v++) {
        error += Math.pow(actual[t][v] - expected[t][v], 2);
        power += Math.pow(expected[t][v], 2);
      }
    }
    return Math.sqrt(error / power);
  }

  private HadalCheckpoint wide() {
    return new HadalCheckpoint(
        5,
        Storage.FLOAT,
        2,
        c -> {
          c.hidden = 256;
          c.moeWidth = 256;
          c.queryRank = 256;
        });
  }

  @Test
  void everyTypeStaysWithinItsError() {
    HadalCheckpoint hadal = wide();
    Path original = hadal.write(folder.resolve("original"));
    int[] tokens = Arrays.copyOf(hadal.program(3, TOKENS), MEASURED);
    float[][] expected = run(original, tokens);
    Map<StorageType, Double> gguf =
        Map.of(
            StorageType.F32, 0.0,
            StorageType.BF16, 0.01,
            StorageType.Q8_0, 0.03,
            StorageType.Q4_K, 0.5,
            StorageType.MXFP4, 0.8);
    gguf.forEach(
        (type, bound) -> {
          Path file = folder.resolve(type + ".gguf");
          GgufExport.write(original, file, type, read -> {});
          double error = error(expected, run(file, tokens));
          assertThat(error).as(type.name()).isBetween(bound / 20, bound);
        });
    Map<Encoding, Double> safetensors =
        Map.of(
            Encoding.KEEP, 0.0,
            Encoding.F32, 0.0,
            Encoding.BF16, 0.01,
            Encoding.FP8, 0.25,
            Encoding.FP4, 0.6);
    safetensors.forEach(
        (encoding, bound) -> {
          Path to = folder.resolve(encoding.name());
          SafetensorsExport.write(original, to, encoding, read -> {});
          double error = error(expected, run(to, tokens));
          assertThat(error).as(encoding.name()).isBetween(bound / 20, bound);
        });
  }

  @Test
  void typesFollowTheRole() {
    Path original = wide().write(folder.resolve("original"));
    Path file = folder.resolve("q4.gguf");
    GgufExport.write(original, file, StorageType.Q4_K, read -> {});
    assertType(file, "blk.3.ffn_up_exps.weight", StorageType.Q4_K);
    assertType(file, "blk.0.attn_q_a.weight", StorageType.Q4_K);
    assertType(file, "token_embd.weight", StorageType.Q8_0);
    assertType(file, "output.weight", StorageType.Q8_0);
    assertType(file, "blk.0.ffn_gate_inp.weight", StorageType.F32);
    // Rows of a tiny group are no multiple of 256, those of the table none of 32.
    assertType(file, "blk.1.engram_embd.weight", StorageType.BF16);
    Path fp4 = folder.resolve("fp4");
    SafetensorsExport.write(original, fp4, Encoding.FP4, read -> {});
    assertType(fp4, "layers.3.ffn.experts.1.w2.weight", StorageType.I8);
    assertType(fp4, "layers.3.ffn.experts.1.w2.scale", StorageType.F8_E8M0);
    assertType(fp4, "layers.0.attn.wq_b.weight", StorageType.F8_E4M3);
    assertType(fp4, "layers.1.engram.embed.weight", StorageType.F8_E4M3);
    assertType(fp4, "embed.weight", StorageType.BF16);
    assertType(fp4, "layers.0.hc_attn_fn", StorageType.F32);
  }

  private static void assertType(Path checkpoint, String name, StorageType type) {
    try (TensorStore store = Checkpoints.open(checkpoint)) {
      assertThat(store.get(name).type()).as(name).isEqualTo(type);
    }
  }

  /** FP8 and FP4 of a released checkpoint, over GGUF and back. */
  @Test
  void nothingIsLostOnTheWayThroughBothFormats() throws IOException {
    HadalCheckpoint hadal = new HadalCheckpoint(7, Storage.RELEASED, 4);
    Path original = hadal.write(folder.resolve("original"));
    int[] tokens = hadal.program(4, TOKENS);
    float[][] expected = run(original, tokens);
    Path gguf = folder.resolve("a.gguf");
    GgufExport.write(original, gguf, null, read -> {});
    assertThat(run(gguf, tokens)).isDeepEqualTo(expected);
    Path again = folder.resolve("b.gguf");
    GgufExport.write(gguf, again, null, read -> {});
    assertThat(Files.mismatch(gguf, again)).isEqualTo(-1);
    Path back = folder.resolve("back");
    SafetensorsExport.write(gguf, back, Encoding.KEEP, read -> {});
    assertThat(run(back, tokens)).isDeepEqualTo(expected);
    // The codes of released weights are found again.
    Path fp4 = folder.resolve("fp4");
    SafetensorsExport.write(back, fp4, Encoding.FP4, read -> {});
    assertThat(run(fp4, tokens)).isDeepEqualTo(expected);
    Path copy = folder.resolve("copy");
    SafetensorsExport.write(original, copy, Encoding.FP4, read -> {});
    try (TensorStore a = Checkpoints.open(original);
        TensorStore b = Checkpoints.open(copy)) {
      assertThat(b.names()).containsExactlyInAnyOrderElementsOf(a.names());
      for (String name : a.names()) {
        StoredTensor x = a.get(name);
        StoredTensor y = b.get(name);
        assertThat(y.type()).as(name).isEqualTo(x.type());
        assertThat(y.data().mismatch(x.data())).as(name).isEqualTo(-1);
      }
    }
  }

  @Test
  void v4KeepsItsTiles() {
    TinyCheckpoint checkpoint = TinyShape.THREE_HEADS.checkpoint();
    Path original = folder.resolve("original");
    TinyCheckpoint.write(original, checkpoint.config().json(), checkpoint.released());
    int[] tokens = TinyShape.THREE_HEADS.tokens(1, TOKENS);
    float[][] expected = run(original, tokens);
    Path fp8 = folder.resolve("fp8");
    SafetensorsExport.write(original, fp8, Encoding.FP8, read -> {});
    // wq_b has 288 rows: three tiles of 128.
    try (TensorStore store = Checkpoints.open(fp8)) {
      assertThat(store.get("layers.0.attn.wq_b.scale").shape()).containsExactly(3L, 1L);
    }
    assertThat(error(expected, run(fp8, tokens))).isBetween(0.001, 0.3);
  }

  @Test
  void badTargetsAndSourcesAreNamed() throws IOException {
    Path original = wide().write(folder.resolve("original"));
    Path full = Files.createDirectories(folder.resolve("full"));
    Files.writeString(full.resolve("x"), "");
    assertThatThrownBy(() -> SafetensorsExport.write(original, full, Encoding.FP8, read -> {}))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("full", "new folder");
    assertThat(full.resolve("x")).exists();
    TinyCheckpoint checkpoint = TinyShape.PLAIN.checkpoint();
    Path other = folder.resolve("transformers");
    TinyCheckpoint.write(other, checkpoint.config().json(), checkpoint.transformers());
    assertThatThrownBy(
            () -> SafetensorsExport.write(other, folder.resolve("o"), Encoding.FP8, read -> {}))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("released names");
    assertThat(folder.resolve("o")).doesNotExist();
  }
}
