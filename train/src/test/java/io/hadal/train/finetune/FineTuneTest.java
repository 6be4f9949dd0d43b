package io.hadal.train.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.Model;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.weights.Adapter;
import io.hadal.model.weights.GgufExport;
import io.hadal.train.Budget;
import io.hadal.train.ModelExport;
import io.hadal.train.TestModels;
import io.hadal.train.Trainer.Measure;
import io.hadal.train.corpus.EncodedCorpus;
import io.hadal.train.corpus.EncodedSplit;
import io.hadal.train.corpus.Split;
import io.hadal.train.graph.DraftLosses;
import io.hadal.train.graph.PackedBatch;
import io.hadal.train.graph.TrainingGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Runs on a small model with every part. */
class FineTuneTest {
  private static final int[] PROMPT = {0, 40, 77, 130, 41, 40, 77, 201, 90, 12, 40, 77, 131, 300};

  @TempDir private Path folder = Path.of("");
  private Path base = Path.of("");
  private Path code = Path.of("");

  /** A model whose matrices fill blocks of 32, as Q8_0 wants them. */
  private static JsonNode config() {
    return TestModels.hadal(2, "signed_sqrt", true)
        .put("hidden_size", 64)
        .put("head_dim", 32)
        .put("q_lora_rank", 32)
        .put("o_lora_rank", 32)
        .put("moe_intermediate_size", 32)
        .put("engram_head_dim", 16);
  }

  @BeforeEach
  void prepare() throws IOException {
    base = folder.resolve("base");
    JsonNode json = config();
    ModelConfig config = ConfigReader.parse(json, "test");
    try (WorkerPool pool = new WorkerPool(1)) {
      Map<Integer, int[]> tables = TestModels.tables(config);
      TrainingGraph graph = new TrainingGraph(config, TestModels.engrams(config), tables, 7, pool);
      ModelExport.write(
          graph.parameters(), tables, json, TestModels.tokenizer(), StorageType.F32, base);
    }
    code = folder.resolve("code");
    Random random = new Random(2);
    for (int i = 0; i < 12; i++) {
      StringBuilder text = new StringBuilder("package team.service;\n\npublic class Part" + i);
      text.append(" {\n");
      for (int k = 0; k < 6; k++) {
        text.append("  private final int field").append(random.nextInt(10)).append(" = 1;\n");
      }
      write(code.resolve("src/main/java/build/Part" + i + ".java"), text.append("}\n").toString());
    }
  }

  private static Path write(Path file, String text) throws IOException {
    Files.createDirectories(file.resolveSibling(""));
    return Files.writeString(file, text);
  }

  private static FineTuneOptions options(boolean lora) {
    return options(lora ? Method.LORA : Method.FULL);
  }

  private static FineTuneOptions options(Method method) {
    double rate = method == Method.FULL ? 0.003 : 0.01;
    return new FineTuneOptions(
        method, 4, 8, EnumSet.allOf(Target.class), 3, 0.5, 0.2, 64, 256, rate, 3);
  }

  /** Every added token stays text: enough for prompts without users. */
  private static PromptTokens prompts() {
    return new PromptTokens(
        PromptDialect.V4_1,
        tokenizer ->
            segments -> {
              StringBuilder text = new StringBuilder();
              segments.forEach(s -> text.append(s.text()));
              return tokenizer.encode(text, true);
            });
  }

  private FineTune start(boolean lora, Path model, Path data, Path out) throws IOException {
    return FineTune.start(options(lora), model, List.of(data), null, out, prompts(), 2);
  }

  /** Keeps what was measured. */
  private static final class Watch implements FineTune.Listener {
    private final Map<String, Measure> first = new LinkedHashMap<>();
    private final Map<String, Measure> last = new LinkedHashMap<>();

    @Override
    public void after(Map<String, Measure> before, Map<String, Measure> after) {
      first.putAll(before);
      last.putAll(after);
    }

    void assertLearnt() {
      assertThat(first).containsOnlyKeys("held-out").hasSameSizeAs(last);
      assertThat(last.values().iterator().next().loss())
          .isLessThan(0.8 * first.values().iterator().next().loss());
    }
  }

  private static float[][] served(Path model, @Nullable Path adapter) {
    try (Model loaded = Model.load(model, 0, adapter == null ? null : Adapter.open(adapter));
        Engine engine = new Engine(loaded, EngineOptions.defaults().withThreads(1));
        Session session = engine.newSession()) {
      return session.appendAll(PROMPT);
    }
  }

  private static float[] trained(Path model, @Nullable Path adapter) {
    try (BaseModel opened = BaseModel.open(model, adapter == null ? null : Adapter.open(adapter));
        WorkerPool pool = new WorkerPool(1)) {
      ModelConfig config = opened.config();
      TrainingGraph graph =
          new TrainingGraph(config, TestModels.engrams(config), opened.tables(), 1, pool);
      opened.fill(graph.parameters());
      int[] targets = new int[PROMPT.length];
      Arrays.fill(targets, -1);
      return graph.logits(new PackedBatch(PROMPT, targets, List.of(PROMPT.length)));
    }
  }

  private static void assertClose(float[] flat, float[][] rows, double most) {
    int v = rows[0].length;
    for (int t = 0; t < rows.length; t++) {
      for (int i = 0; i < v; i++) {
        assertThat((double) flat[t * v + i]).isCloseTo(rows[t][i], within(most));
      }
    }
  }

  @Test
  void anAdapterServesWhatItWasTrainedTo() throws IOException {
    Path out = folder.resolve("lora");
    Watch watch = new Watch();
    try (FineTune tuning = start(true, base, code, out)) {
      assertThat(tuning.trainer().trained().count())
          .isLessThan(tuning.trainer().parameters().count());
      assertThat(tuning.run(new Budget.Tokens(8000), () -> false, watch)).isTrue();
      watch.assertLearnt();
      float[] graph = trained(base, out);
      float[][] adapted = served(base, out);
      assertClose(graph, adapted, 1e-4);
      Path merged = folder.resolve("merged");
      AdapterMerge.write(base, out, merged);
      // All weights of the base are f32: nothing is rounded.
      assertThat(served(merged, null)).isDeepEqualTo(adapted);
      // The model that was trained is the model that is served.
      try (BaseModel opened = BaseModel.open(merged, null);
          WorkerPool pool = new WorkerPool(1)) {
        ModelConfig config = opened.config();
        TrainingGraph copy =
            new TrainingGraph(config, TestModels.engrams(config), opened.tables(), 1, pool);
        opened.fill(copy.parameters());
        tuning
            .trainer()
            .parameters()
            .all()
            .forEach(
                p ->
                    assertThat(copy.parameters().get(p.name()).value())
                        .as(p.name())
                        .isEqualTo(p.value()));
      }
      assertThat(adapted).isNotEqualTo(served(base, null));
    }
    assertThat(out.resolve("finetune.json"))
        .content()
        .contains("\"before\"", "\"after\"", "\"method\" : \"lora\"");
  }

  @Test
  void fullTuningWritesAModel() throws IOException {
    Path out = folder.resolve("full");
    Watch watch = new Watch();
    try (FineTune tuning = start(false, base, code, out)) {
      assertThat(tuning.run(new Budget.Tokens(8000), () -> false, watch)).isTrue();
    }
    watch.assertLearnt();
    assertClose(trained(out, null), served(out, null), 1e-4);
  }

  @Test
  void quantisedFilesAreBasesToo() throws IOException {
    Path gguf = folder.resolve("base.gguf");
    GgufExport.write(base, gguf, StorageType.Q8_0, read -> {});
    assertClose(trained(gguf, null), served(gguf, null), 1e-3);
    Path out = folder.resolve("lora");
    Watch watch = new Watch();
    try (FineTune tuning = start(true, gguf, code, out)) {
      tuning.run(new Budget.Tokens(8000), () -> false, watch);
    }
    watch.assertLearnt();
    Path merged = folder.resolve("merged");
    AdapterMerge.write(gguf, out, merged);
    float[][] adapted = served(gguf, out);
    assertClose(trained(gguf, out), adapted, 1e-3);
    assertClose(trained(merged, null), adapted, 1e-3);
    assertThatThrownBy(() -> served(base, out))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("was trained on base.gguf");
  }

  @Test
  void aDrafterIsAddedToAModelThatStaysAsItIs() throws IOException {
    Path gguf = folder.resolve("base.gguf");
    GgufExport.write(base, gguf, null, read -> {});
    Path out = folder.resolve("drafter");
    List<DraftLosses> measured = new ArrayList<>();
    FineTune.Listener listener =
        new FineTune.Listener() {
          @Override
          public void drafted(Map<String, DraftLosses> drafts) {
            measured.addAll(drafts.values());
          }
        };
    FineTuneOptions options = options(Method.DRAFTER);
    try (FineTune tuning = FineTune.start(options, gguf, List.of(code), null, out, prompts(), 2)) {
      assertThat(tuning.run(new Budget.Steps(3), () -> tuning.trainer().step() == 1, listener))
          .isFalse();
    }
    try (FineTune tuning = FineTune.resume(out, null, 1)) {
      assertThat(tuning.run(new Budget.Steps(3), () -> false, listener)).isTrue();
      assertThat(tuning.trainer().trained().all()).allMatch(p -> p.isDrafter());
    }
    assertThat(measured).hasSize(1);
    assertThat(measured.getFirst().targets()).isPositive();
    assertThat(out.resolve("finetune.json")).content().contains("\"drafts\"", "\"agreement\"");
    assertThat(served(out, null)).isDeepEqualTo(served(base, null));
    // A drafter that is there goes with its model.
    Path again = folder.resolve("again");
    try (FineTune tuning = start(false, out, code, again)) {
      tuning.run(new Budget.Steps(1), () -> false, listener);
    }
    Path merged = folder.resolve("merged");
    Path lora = folder.resolve("lora");
    try (FineTune tuning = start(true, again, code, lora)) {
      tuning.run(new Budget.Steps(1), () -> false, listener);
    }
    AdapterMerge.write(again, lora, merged);
    try (Model model = Model.load(merged)) {
      assertThat(model.weights().hasDrafter()).isTrue();
    }
  }

  @Test
  void interruptionsChangeNothing() throws IOException {
    for (boolean lora : new boolean[] {true, false}) {
      Path whole = folder.resolve("whole-" + lora);
      try (FineTune tuning = start(lora, base, code, whole)) {
        tuning.run(new Budget.Steps(7), () -> false, new Watch());
      }
      Path parts = folder.resolve("parts-" + lora);
      try (FineTune tuning = start(lora, base, code, parts)) {
        assertThat(tuning.run(new Budget.Steps(7), () -> tuning.trainer().step() == 3, new Watch()))
            .isFalse();
      }
      // The data are kept with the run.
      write(code.resolve("src/main/java/build/Part1.java"), "class Other" + lora + " {}\n");
      try (FineTune tuning = FineTune.resume(parts, null, 1)) {
        assertThat(tuning.trainer().step()).isEqualTo(3);
        tuning.run(new Budget.Steps(7), () -> false, new Watch());
      }
      String file = lora ? "adapter.safetensors" : "model.safetensors";
      assertThat(parts.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
      assertThat(parts.resolve("training/checkpoint.safetensors")).exists();
    }
  }

  @Test
  void onlyAnswersAreLearnt() throws IOException {
    Path file =
        write(
            folder.resolve("chat.jsonl"),
            """
            {"messages": [{"role": "user", "content": "name"},\
             {"role": "assistant", "content": "field"}]}

            {"messages": [{"role": "system", "content": "short"},\
             {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},\
             {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]}
            """);
    Path out = folder.resolve("chat");
    FineTuneOptions options =
        new FineTuneOptions(
            Method.LORA, 2, 4, EnumSet.of(Target.ATTENTION), 3, 0, 0, 64, 64, 0.01, 3);
    FineTune.start(options, base, List.of(file), null, out, prompts(), 1).close();
    EncodedCorpus corpus = EncodedCorpus.open(out.resolve("training/data"));
    Tokenizer tokenizer = Tokenizer.fromJson(TestModels.tokenizer());
    try (EncodedSplit split = corpus.split(Split.TRAIN)) {
      assertThat(split.tokens()).isEqualTo(64);
      int[] targets = new int[64];
      split.readTargets(0, targets, 0, 64);
      int[] learnt = Arrays.stream(targets).filter(id -> id >= 0).toArray();
      String end = "<｜end▁of▁sentence｜>";
      assertThat(tokenizer.decode(learnt)).isEqualTo("field" + end + "b" + end + "d" + end);
    }
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    Path bad =
        write(
            folder.resolve("bad.jsonl"),
            "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\"}]}\n"
                + "{\"messages\": [{\"content\": \"a\"}]}\n");
    assertThatThrownBy(() -> start(true, base, bad, folder.resolve("x")))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("bad.jsonl:2")
        .hasMessageContaining("messages[0].role is missing");
    Path middle = write(folder.resolve("fim.jsonl"), "{\"prefix\": \"a\", \"middle\": 3}\n");
    assertThatThrownBy(() -> start(true, base, middle, folder.resolve("x")))
        .hasMessageContaining("fim.jsonl:1: suffix is missing");
    assertThatThrownBy(() -> start(true, base, code, base))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("choose another folder");
    assertThatThrownBy(() -> FineTune.resume(folder.resolve("none"), null, 1))
        .hasMessageContaining("no fine-tuning run to resume");
    assertThatThrownBy(() -> Adapter.open(base)).hasMessageContaining("holds no adapter");
  }
}
