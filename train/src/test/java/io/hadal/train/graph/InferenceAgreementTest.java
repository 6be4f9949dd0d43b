package io.hadal.train.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.weights.GgufExport;
import io.hadal.train.ModelExport;
import io.hadal.train.TestModels;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The training forward pass and the inference engine, same weights. */
class InferenceAgreementTest {
  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 6})
  void attendingToAllEntries(int streams) {
    check(TestModels.config(512, streams));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void denseLayers(int streams) {
    check(TestModels.dense(streams));
  }

  @Test
  void attendingToAChoiceOfEntries() {
    check(TestModels.config(6, 2));
  }

  @Test
  void hashLayersAndGatedMemory() {
    check(TestModels.hadal(4, "signed_sqrt", false));
  }

  @Test
  void structuralChannelsAndMemoryWithoutGate() {
    check(TestModels.hadal(2, "none", true));
    check(TestModels.hadal(2, "signed_sqrt", true));
  }

  @Test
  void aLoneExpertKeepsItsScore() {
    ObjectNode json = TestModels.hadal(1, "signed_sqrt", false);
    json.put("num_experts_per_tok", 1);
    json.put("n_shared_experts", 0);
    check(json);
  }

  @Test
  void aHeadForFillingIn() {
    check(TestModels.completing(TestModels.hadal(2, "signed_sqrt", false)));
  }

  private void check(JsonNode json) {
    ModelConfig config = ConfigReader.parse(json, "test config");
    try (WorkerPool pool = new WorkerPool(2)) {
      TrainingGraph graph =
          new TrainingGraph(config, TestModels.engrams(config), TestModels.tables(config), 7, pool);
      GradientTest.disturb(graph.parameters(), new Random(3));
      ModelExport.write(
          graph.parameters(),
          TestModels.tables(config),
          json,
          TestModels.tokenizer(),
          StorageType.F32,
          folder);
      int[] ids = TestModels.tokens(new Random(5), 61 + 40 + 3, Math.min(512, config.vocabSize()));
      // The mark of a completion head, up to the end and up to a document inside a span.
      ids[20] = 7;
      ids[70] = 7;
      ids[90] = 0;
      int[] targets = new int[ids.length];
      Arrays.fill(targets, -1);
      int v = config.vocabSize();
      float[] actual = graph.logits(new PackedBatch(ids, targets, List.of(61, 40, 3)));
      compare(folder, ids, v, actual);
      if (config.family().equals("hadal")) {
        Path file = folder.resolve("model.gguf");
        GgufExport.write(folder, file, null, bytes -> {});
        compare(file, ids, v, actual);
      }
    }
  }

  private static void compare(Path model, int[] ids, int v, float[] actual) {
    int[] borders = {0, 61, 101, 104};
    try (Engine engine = Engine.open(model, EngineOptions.defaults().withThreads(2))) {
      for (int s = 0; s < 3; s++) {
        try (Session session = engine.newSession()) {
          float[][] expected =
              session.appendAll(Arrays.copyOfRange(ids, borders[s], borders[s + 1]));
          for (int t = 0; t < expected.length; t++) {
            for (int i = 0; i < v; i++) {
              assertThat((double) actual[(borders[s] + t) * v + i])
                  .as("span %d token %d logit %d", s, t, i)
                  .isCloseTo(expected[t][i], within(1e-4));
            }
          }
        }
      }
    }
  }
}
