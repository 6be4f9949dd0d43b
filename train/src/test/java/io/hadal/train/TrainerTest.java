package io.hadal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.GenerationOptions;
import io.hadal.engine.GenerationResult;
import io.hadal.engine.Generator;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.formats.FormatException;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.DraftLosses;
import io.hadal.train.graph.Parameter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

class TrainerTest {
  @TempDir private Path folder = Path.of("");

  /** Documents in memory. */
  private record MemoryStore(int[] ids, List<Integer> starts) implements TokenStore {
    @Override
    public long tokens() {
      return ids.length;
    }

    @Override
    public long documents() {
      return starts.size() - 1;
    }

    @Override
    public long documentStart(long document) {
      return starts.get((int) document);
    }

    @Override
    public void read(long from, int[] into, int offset, int count) {
      System.arraycopy(ids, (int) from, into, offset, count);
    }
  }

  /** Texts that repeat a few phrases, so that there is something to learn. */
  private static MemoryStore text(long seed, int tokens) {
    Random phrases = new Random(1);
    int[][] phrase = new int[12][];
    for (int i = 0; i < phrase.length; i++) {
      phrase[i] = TestModels.tokens(phrases, 5 + phrases.nextInt(6), 500);
    }
    Random random = new Random(seed);
    List<Integer> ids = new ArrayList<>();
    List<Integer> starts = new ArrayList<>();
    while (ids.size() < tokens) {
      starts.add(ids.size());
      ids.add(0);
      int count = 1 + random.nextInt(20);
      for (int i = 0; i < count; i++) {
        for (int id : phrase[random.nextInt(phrase.length)]) {
          ids.add(id);
        }
      }
      ids.add(1);
    }
    starts.add(ids.size());
    return new MemoryStore(ids.stream().mapToInt(Integer::intValue).toArray(), starts);
  }

  static TrainingData data() {
    Map<String, TokenStore> evaluation = new LinkedHashMap<>();
    evaluation.put("valid", text(99, 3000));
    int[] bytes = new int[520];
    Arrays.fill(bytes, 3);
    return new TrainingData(text(5, 30000), evaluation, bytes, TestModels.tokenizer());
  }

  static TrainConfig config() {
    return config("adamw");
  }

  private static TrainConfig config(String optimizer) {
    ObjectNode o = JsonNodeFactory.instance.objectNode();
    o.set("model", TestModels.hadal(2, "signed_sqrt", true));
    ArrayNode stages = o.putArray("stages");
    stages.addObject().put("until", 0.6).put("context", 32);
    stages.addObject().put("until", 1).put("context", 64);
    o.put("batch_tokens", 256).put("micro_batch_tokens", 128).put("learning_rate", 0.01);
    o.put("optimizer", optimizer)
        .put("warmup_steps", 5)
        .put("evaluation_tokens", 2000)
        .put("evaluate_every", 20);
    return TrainConfig.parse(o, "test");
  }

  /** With a drafter and a head for filling in beside the model. */
  private static TrainConfig drafting() {
    ObjectNode o = config("adamw").toJson();
    ObjectNode model = (ObjectNode) o.path("model");
    // Phrases of the text that happen to hold this id count as holes.
    model.put("completion_head_rank", 4).put("completion_head_token_id", 40);
    TestModels.drafted(model, 0);
    return TrainConfig.parse(o, "test");
  }

  private static Map<String, float[]> values(Trainer trainer) {
    Map<String, float[]> values = new LinkedHashMap<>();
    for (Parameter p : trainer.parameters().all()) {
      values.put(p.name(), p.value().clone());
    }
    return values;
  }

  private static void assertSame(Map<String, float[]> a, Map<String, float[]> b) {
    assertThat(a.keySet()).isEqualTo(b.keySet());
    a.forEach((name, v) -> assertThat(b.get(name)).as(name).isEqualTo(v));
  }

  @ParameterizedTest
  @ValueSource(strings = {"adamw", "muon"})
  void learnsAndTheModelPredictsAsItWasTrained(String optimizer) {
    TrainingData data = data();
    Map<String, Double> last = new LinkedHashMap<>();
    double loss;
    int context = 64;
    try (Trainer trainer = Trainer.start(config(optimizer), data, folder, 2)) {
      TrainListener listener =
          new TrainListener() {
            @Override
            public void evaluated(long step, Map<String, Double> bitsPerByte) {
              last.putAll(bitsPerByte);
            }
          };
      assertThat(trainer.run(new Budget.Steps(100), () -> false, listener)).isTrue();
      loss = trainer.bitsPerByte(data.evaluation().values().iterator().next());
    }
    // 500 equally likely ids of 3 bytes are 3 bits a byte.
    assertThat(last.get("valid")).isLessThan(1.3).isEqualTo(loss);
    assertThat(bitsByInference(data.evaluation().values().iterator().next(), context))
        .isCloseTo(loss, within(1e-4));
    assertThat(folder.resolve("training/log.jsonl")).content().contains("\"evaluation\"");
    assertThat(folder.resolve("training/report.html"))
        .content()
        .contains("step 100", "Held-out text", "valid", "layer 1", "</svg>")
        .doesNotContain("http", "NaN");
  }

  @Test
  void countsTheOperationsOfTheContextInForce() {
    List<TrainListener.Step> steps = new ArrayList<>();
    TrainListener listener =
        new TrainListener() {
          @Override
          public void stepped(Step step) {
            steps.add(step);
          }
        };
    ModelConfig model = ConfigReader.parse(config().model(), "test");
    try (Trainer trainer = Trainer.start(config(), data(), folder, 1)) {
      trainer.run(new Budget.Steps(10), () -> false, listener);
      double[] perToken = new double[2];
      for (int i = 0; i < 2; i++) {
        perToken[i] = 3.0 * ModelCost.of(trainer.parameters(), model, 32 << i).flops();
      }
      assertThat(perToken[1]).isGreaterThan(perToken[0]);
      TrainListener.Step first = steps.getFirst();
      TrainListener.Step last = steps.getLast();
      assertThat(first.gigaflops())
          .isCloseTo(first.tokensPerSecond() * perToken[0] / 1e9, withinPercentage(1e-6));
      assertThat(last.gigaflops())
          .isCloseTo(last.tokensPerSecond() * perToken[1] / 1e9, withinPercentage(1e-6));
    }
    assertThat(folder.resolve("training/log.jsonl")).content().contains("\"gflop_per_second\":");
  }

  private double bitsByInference(TokenStore store, int context) {
    double nats = 0;
    long bytes = 0;
    int rows = 2000 / context;
    try (Engine engine = Engine.open(folder, EngineOptions.defaults().withThreads(2))) {
      for (int r = 0; r < rows; r++) {
        int[] ids = new int[context];
        int[] targets = new int[context];
        List<Integer> spans = new ArrayList<>();
        BatchReader.read(store, (long) r * context, context, ids, targets, 0, spans);
        int at = 0;
        for (int length : spans) {
          try (Session session = engine.newSession()) {
            float[][] logits = session.appendAll(Arrays.copyOfRange(ids, at, at + length));
            for (int t = 0; t < length; t++) {
              if (targets[at + t] >= 0) {
                nats -= logProbability(logits[t], targets[at + t]);
                bytes += 3;
              }
            }
          }
          at += length;
        }
      }
    }
    return nats / Math.log(2) / bytes;
  }

  private static double logProbability(float[] logits, int id) {
    double sum = 0;
    for (float l : logits) {
      sum += Math.exp(l);
    }
    return logits[id] - Math.log(sum);
  }

  @Test
  void aDrafterGuessesWhatItsModelSays() {
    TrainingData data = data();
    try (Trainer trainer = Trainer.start(drafting(), data, folder, 2)) {
      trainer.run(new Budget.Steps(100), () -> false, new TrainListener() {});
      DraftLosses drafts = trainer.measureDrafts(data.evaluation().values().iterator().next());
      assertThat(drafts.agreement()).isGreaterThan(0.3);
    }
    assertThat(folder.resolve("training/log.jsonl")).content().contains("\"draft_agreement\"");
    assertThat(folder.resolve("training/report.html")).content().contains("agreement");
    int[] prompt = Arrays.copyOf(text(99, 100).ids(), 40);
    GenerationResult plain = continued(prompt, false);
    GenerationResult guessed = continued(prompt, true);
    assertThat(guessed.tokens()).isEqualTo(plain.tokens()).hasSize(120);
    assertThat((double) guessed.accepted() / guessed.drafted()).isGreaterThan(0.3);
  }

  private GenerationResult continued(int[] prompt, boolean speculate) {
    EngineOptions options = EngineOptions.defaults().withThreads(1).withDrafting(speculate);
    try (Engine engine = Engine.open(folder, options);
        Session session = engine.newSession()) {
      session.append(prompt);
      return new Generator(
              engine,
              session,
              new GenerationOptions(120, SamplingOptions.greedy(), Set.of(), speculate))
          .run((token, logits) -> true);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"adamw", "muon", "drafting"})
  void threadsAndInterruptionsChangeNothing(String kind) {
    TrainConfig config = kind.equals("drafting") ? drafting() : config(kind);
    TrainingData data = data();
    Map<String, float[]> whole;
    try (Trainer trainer = Trainer.start(config, data, folder.resolve("a"), 1)) {
      trainer.run(new Budget.Steps(14), () -> false, new TrainListener() {});
      whole = values(trainer);
    }
    Path second = folder.resolve("b");
    try (Trainer trainer = Trainer.start(config, data, second, 2)) {
      boolean done =
          trainer.run(new Budget.Steps(14), () -> trainer.step() == 6, new TrainListener() {});
      assertThat(done).isFalse();
    }
    try (Trainer trainer = Trainer.resume(data, second, 3)) {
      assertThat(trainer.step()).isEqualTo(6);
      assertThat(trainer.run(new Budget.Steps(14), () -> false, new TrainListener() {})).isTrue();
      assertSame(whole, values(trainer));
    }
    assertThat(second.resolve("model.safetensors"))
        .hasSameBinaryContentAs(folder.resolve("a").resolve("model.safetensors"));
  }

  /** Held-out text must leave no trace in the model, so a run may resume right behind it. */
  @Test
  void evaluatingChangesNothing() {
    ObjectNode seldom = config().toJson().put("evaluate_every", 1000);
    ObjectNode often = config().toJson().put("evaluate_every", 1);
    Map<String, float[]> expected = trained(TrainConfig.parse(seldom, "test"), "seldom");
    assertSame(expected, trained(TrainConfig.parse(often, "test"), "often"));
  }

  private Map<String, float[]> trained(TrainConfig config, String name) {
    try (Trainer trainer = Trainer.start(config, data(), folder.resolve(name), 2)) {
      trainer.run(new Budget.Steps(12), () -> false, new TrainListener() {});
      return values(trainer);
    }
  }

  @Test
  void refusesWhatDoesNotFit() throws Exception {
    assertThatThrownBy(() -> Trainer.resume(data(), folder, 1))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("no training run");
    try (Trainer trainer = Trainer.start(config(), data(), folder, 1)) {
      trainer.run(new Budget.Steps(1), () -> false, new TrainListener() {});
    }
    assertThatThrownBy(() -> Trainer.start(config(), data(), folder, 1))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("resume");
    Path file = folder.resolve("training/checkpoint.safetensors");
    Files.copy(
        folder.resolve("model.safetensors"),
        file,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> Trainer.resume(data(), folder, 1))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("no checkpoint");
  }
}
