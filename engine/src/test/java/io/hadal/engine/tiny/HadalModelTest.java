package io.hadal.engine.tiny;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.engine.Work;
import io.hadal.engine.tiny.TinyCheckpoint.Storage;
import io.hadal.formats.FormatException;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.StorageType;
import io.hadal.model.Model;
import io.hadal.model.engram.CodeEngramIndex;
import io.hadal.model.engram.CodeVocabulary;
import io.hadal.model.engram.Lexis;
import io.hadal.model.engram.StructuralAutomaton;
import io.hadal.model.engram.StructuralFeatures;
import io.hadal.model.weights.GgufExport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hadal's own model type: what it adds to V4.1, and that it is V4.1 without. */
class HadalModelTest {
  private static final int TOKENS = 150;

  @TempDir private Path folder = Path.of("");

  private static EngineOptions options(int step) {
    return EngineOptions.defaults().withThreads(2).withContext(400).withStepTokens(step);
  }

  private static float[][] run(Path checkpoint, int[] tokens, int step) {
    try (Engine engine = Engine.open(checkpoint, options(step));
        Session session = engine.newSession()) {
      return session.appendAll(tokens);
    }
  }

  private HadalCheckpoint everything(int streams) {
    return new HadalCheckpoint(5, Storage.FLOAT, streams)
        .structural(true)
        .convolution()
        .hashLayers(2)
        .completionHead(6);
  }

  /** The reference for V4.1 holds for this type too. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4, 6, 8})
  void withoutAdditionsItIsV41(int streams) {
    HadalCheckpoint hadal = new HadalCheckpoint(3, Storage.BF16, streams);
    int[] tokens = hadal.program(1, 60);
    float[][] own = run(hadal.write(folder.resolve("hadal")), tokens, 64);
    Path released = folder.resolve("released");
    hadal.write(released);
    TinyCheckpoint.write(released, hadal.base.json(), hadal.tensors);
    assertThat(own).isDeepEqualTo(run(released, tokens, 64));
  }

  /**
   * Behind a far cut, as a prompt makes that is the beginning of an earlier one, rings hold rows of
   * what was cut off; guesses must be taken back all the same.
   */
  @Test
  void guessesCanBeTakenBackBehindAFarCut() {
    HadalCheckpoint hadal = everything(4);
    int cached = 300;
    int[] text = hadal.program(2, 350);
    int cuts = 0;
    try (Engine engine = Engine.open(hadal.write(folder), options(256));
        Session session = engine.newSession()) {
      session.append(Arrays.copyOf(text, cached));
      for (int to = cached - 64; to > cached - 160; to--) {
        if (!session.canRewind(to)) {
          continue;
        }
        cuts++;
        try (Session cut = session.fork();
            Session plain = engine.newSession()) {
          cut.rewind(to);
          for (int i = 0; i < 12; i++) {
            int at = cut.length();
            Work work = Work.guess(cut, text[at], Arrays.copyOfRange(text, at + 1, at + 9));
            engine.run(List.of(work));
            cut.reject(8 - i % 3, work.logits()[i % 3]);
          }
          assertThat(cut.logits()).isEqualTo(plain.append(Arrays.copyOf(text, cut.length())));
        }
      }
    }
    assertThat(cuts).isPositive();
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 6})
  void anyStepsForksCutsAndRestoresGiveTheSameBits(int streams) throws IOException {
    HadalCheckpoint hadal = everything(streams);
    Path checkpoint = hadal.write(folder);
    int[] tokens = hadal.program(2, TOKENS);
    tokens[100] = HadalCheckpoint.FIM_END;
    float[][] whole = run(checkpoint, tokens, 256);
    assertThat(run(checkpoint, tokens, 1)).isDeepEqualTo(whole);
    assertThat(run(checkpoint, tokens, 7)).isDeepEqualTo(whole);
    try (Engine engine = Engine.open(checkpoint, options(32));
        Session session = engine.newSession()) {
      session.append(Arrays.copyOf(tokens, 120));
      session.append(hadal.program(9, 12));
      // A near cut is taken back, a far one replayed.
      session.truncate(120);
      try (Session fork = session.fork()) {
        fork.append(hadal.program(8, 20));
        assertThat(session.appendAll(Arrays.copyOfRange(tokens, 120, TOKENS)))
            .isDeepEqualTo(Arrays.copyOfRange(whole, 120, TOKENS));
        fork.truncate(90);
        assertThat(fork.appendAll(Arrays.copyOfRange(tokens, 90, TOKENS)))
            .isDeepEqualTo(Arrays.copyOfRange(whole, 90, TOKENS));
        fork.truncate(TOKENS - 5);
        Path file = folder.resolve("snapshot");
        fork.snapshot(file);
        try (Session restored = engine.newSession()) {
          restored.restore(file);
          assertThat(restored.appendAll(Arrays.copyOfRange(tokens, TOKENS - 5, TOKENS)))
              .isDeepEqualTo(Arrays.copyOfRange(whole, TOKENS - 5, TOKENS));
        }
      }
      int[] other = hadal.program(7, 70);
      try (Session a = engine.newSession();
          Session b = engine.newSession()) {
        Work first = new Work(a, tokens, true);
        Work second = new Work(b, other, true);
        engine.run(List.of(first, second));
        assertThat(first.logits()).isDeepEqualTo(whole);
        assertThat(second.logits()).isDeepEqualTo(run(checkpoint, other, 256));
      }
    }
  }

  @Test
  void rowsFollowTheStructureOfTheText() {
    HadalCheckpoint hadal = everything(4);
    int[] tokens = hadal.program(4, TOKENS);
    Map<String, float[]> seen = probes(hadal.write(folder), tokens);
    CodeVocabulary vocabulary = new CodeVocabulary(hadal.tokenizer, HadalCheckpoint.VOCAB, "test");
    StructuralAutomaton automaton = new StructuralAutomaton(vocabulary, Lexis.UNION);
    int[] features = new int[TOKENS * StructuralFeatures.COUNT];
    int[] canonical = new int[TOKENS];
    try (Model model = Model.load(folder)) {
      for (int t = 0; t < TOKENS; t++) {
        automaton.accept(tokens[t]);
        automaton.features(features, t * StructuralFeatures.COUNT);
        canonical[t] = Objects.requireNonNull(model.engram()).map().canonical(tokens[t]);
      }
    }
    CodeEngramIndex index = hadal.indexes().getFirst();
    int[] rows = new int[TOKENS * index.columns()];
    index.rows(canonical, 0, 0, TOKENS, features, rows, 0);
    float[] used = Objects.requireNonNull(seen.get("1.engram_rows"));
    int absent = 0;
    for (int i = 0; i < rows.length; i++) {
      assertThat((int) used[i]).isEqualTo(rows[i]);
      absent += rows[i] == index.absentRow() ? 1 : 0;
    }
    // Most tokens start no line.
    assertThat(absent).isBetween(TOKENS, TOKENS * hadal.base.engramHeads);
  }

  @Test
  void earlyLayersTakeExpertsByToken() {
    HadalCheckpoint hadal = everything(4);
    int[] tokens = hadal.program(5, 40);
    Map<String, float[]> seen = probes(hadal.write(folder), tokens);
    int active = hadal.base.active;
    for (int layer = 0; layer < 2; layer++) {
      int[] table = (int[]) hadal.stored("layers." + layer + ".ffn.gate.tid2eid").data();
      float[] chosen = Objects.requireNonNull(seen.get(layer + ".gate_idx"));
      for (int t = 0; t < tokens.length; t++) {
        int[] expected = Arrays.copyOfRange(table, tokens[t] * active, (tokens[t] + 1) * active);
        Arrays.sort(expected);
        for (int k = 0; k < active; k++) {
          assertThat((int) chosen[t * active + k]).isEqualTo(expected[k]);
        }
      }
    }
  }

  @Test
  void completionHeadActsBehindTheMarkOnly() {
    int[] tokens = new HadalCheckpoint(5, Storage.FLOAT, 4).program(6, 40);
    tokens[10] = HadalCheckpoint.FIM_END;
    tokens[25] = 1; // end of sequence
    HadalCheckpoint with = new HadalCheckpoint(5, Storage.FLOAT, 4).completionHead(6);
    Path withHead = with.write(folder.resolve("with"));
    Path without = new HadalCheckpoint(5, Storage.FLOAT, 4).write(folder.resolve("without"));
    float[] normed = Objects.requireNonNull(probes(without, tokens).get("6.final_norm"));
    float[][] plain = run(without, tokens, 64);
    float[][] headed = run(withHead, tokens, 64);
    float[] down = with.floats("completion_head.down.weight");
    float[] up = with.floats("completion_head.up.weight");
    int d = with.base.hidden;
    for (int t = 0; t < tokens.length; t++) {
      boolean filling = t >= 10 && t < 25;
      double[] inner = new double[6];
      for (int r = 0; r < 6; r++) {
        for (int i = 0; i < d; i++) {
          inner[r] += (double) down[r * d + i] * normed[t * d + i];
        }
      }
      for (int v = 0; v < HadalCheckpoint.VOCAB; v++) {
        double residual = 0;
        for (int r = 0; r < 6; r++) {
          residual += up[v * 6 + r] * inner[r];
        }
        assertThat((double) headed[t][v])
            .isCloseTo(
                plain[t][v] + (filling ? residual : 0),
                org.assertj.core.data.Offset.offset(filling ? 1e-4 : 0.0));
      }
    }
  }

  @Test
  void ungatedValuesAreAddedToEveryStream() {
    HadalCheckpoint hadal = new HadalCheckpoint(5, Storage.FLOAT, 4).structural(false);
    int[] tokens = hadal.program(6, 30);
    Map<String, float[]> seen = probes(hadal.write(folder), tokens);
    float[] value = Objects.requireNonNull(seen.get("1.engram_value"));
    float[] out = Objects.requireNonNull(seen.get("1.engram_out"));
    float[] before = Objects.requireNonNull(seen.get("0.out"));
    int d = hadal.base.hidden;
    for (int i = 0; i < out.length; i++) {
      int t = i / (4 * d);
      assertThat(out[i]).isEqualTo(before[i] + value[t * d + i % d]);
    }
    assertThat(value).doesNotContain(0);
  }

  @Test
  void ggufHoldsTheSameModel() {
    for (Storage storage : List.of(Storage.FLOAT, Storage.BF16, Storage.RELEASED)) {
      HadalCheckpoint hadal =
          new HadalCheckpoint(5, storage, 4)
              .structural(true)
              .convolution()
              .hashLayers(1)
              .completionHead(6);
      Path checkpoint = hadal.write(folder.resolve(storage.name()));
      Path file = folder.resolve(storage + ".gguf");
      GgufExport.write(checkpoint, file, null, bytes -> {});
      try (Gguf gguf = Gguf.open(file)) {
        assertThat(gguf.metadata().getString("general.name")).isEqualTo(storage.name());
      }
      int[] tokens = hadal.program(3, 80);
      float[][] expected = run(checkpoint, tokens, 64);
      assertThat(run(file, tokens, 64)).isDeepEqualTo(expected);
      Path rounded = folder.resolve(storage + ".q8.gguf");
      GgufExport.write(checkpoint, rounded, StorageType.Q8_0, bytes -> {});
      try (TensorStore store = Checkpoints.open(rounded)) {
        assertThat(store.get("blk.0.attn_q_a.weight").type()).isEqualTo(StorageType.Q8_0);
        assertThat(store.get("blk.3.ffn_up_exps.weight").type()).isEqualTo(StorageType.Q8_0);
      }
      float[][] close = run(rounded, tokens, 64);
      double error = 0;
      double power = 0;
      for (int v = 0; v < HadalCheckpoint.VOCAB; v++) {
        error += Math.pow(close[0][v] - expected[0][v], 2);
        power += Math.pow(expected[0][v], 2);
      }
      assertThat(error / power).isGreaterThan(0).isLessThan(0.02);
    }
  }

  @Test
  void moduleLayersFollowTheDepth() {
    HadalCheckpoint hadal = new HadalCheckpoint(5, Storage.FLOAT, 4).structural(true);
    hadal.config.remove("engram_layer_ids");
    // Six layers: fractions 1/30, 7/30, 14/30 and 24/30 of the depth.
    assertThatThrownBy(() -> run(hadal.write(folder), new int[] {5}, 8))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("layers.3.engram");
  }

  @Test
  void badFilesAreRefusedByName() {
    refused(c -> c.config.put("engram_channels", Map.of("Z", 5)), "engram_channels", "s3, s4");
    refused(c -> c.config.put("engram_channels", Map.of("A", 0)), "engram_channels", "size 0");
    refused(c -> c.config.put("engram_canonical_map", "p9"), "engram_canonical_map", "case_kept");
    refused(c -> c.config.put("engram_gate", "relu"), "engram_gate", "signed_sqrt");
    refused(c -> c.config.put("engram_convolution", "yes"), "engram_convolution");
    refused(c -> c.config.put("engram_vocab_size", 60), "embed");
    refused(c -> c.config.put("engram_compressed_vocab_size", 9), "canonical token map");
    refused(c -> c.config.put("num_hash_layers", 99), "num_hash_layers");
    refused(c -> c.config.put("completion_head_rank", 7), "completion_head.down");
    refused(c -> c.config.put("completion_head_token_id", 300), "completion_head_token_id");
    refused(c -> c.config.put("hc_mult", 9), "hc_mult");
    refused(c -> c.tensors.remove("layers.0.ffn.gate.tid2eid"), "tid2eid");
    refused(
        c ->
            c.floats("layers.1.engram.embed.weight")[
                    c.floats("layers.1.engram.embed.weight").length - 1] =
                1,
        "last row");
  }

  private void refused(Consumer<HadalCheckpoint> change, String... message) {
    HadalCheckpoint hadal = everything(4);
    change.accept(hadal);
    Path checkpoint = hadal.write(folder.resolve("bad"));
    assertThatThrownBy(() -> Model.load(checkpoint).close())
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll(message);
  }

  private static Map<String, float[]> probes(Path checkpoint, int[] tokens) {
    Map<String, float[]> seen = new HashMap<>();
    try (Model model = Model.load(checkpoint);
        Engine engine =
            new Engine(
                model,
                options(256),
                (layer, name, values, rows, width) ->
                    seen.put(layer + "." + name, Arrays.copyOf(values, rows * width)));
        Session session = engine.newSession()) {
      session.appendAll(tokens);
    }
    return new LinkedHashMap<>(seen);
  }
}
