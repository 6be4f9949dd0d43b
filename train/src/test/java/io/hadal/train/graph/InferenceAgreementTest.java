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
import io.hadal.train.ModelExport;
import io.hadal.train.TestModels;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The training forward pass and the inference engine, same weights. */
class InferenceAgreementTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void attendingToAllEntries() {
    check(TestModels.config(512, 4));
  }

  @Test
  void attendingToAChoiceOfEntries() {
    check(TestModels.config(6, 2));
  }

  private void check(JsonNode json) {
    ModelConfig config = ConfigReader.parse(json, "test config");
    try (WorkerPool pool = new WorkerPool(2)) {
      TrainingGraph graph = new TrainingGraph(config, List.of(), Map.of(), 7, pool);
      GradientTest.disturb(graph.parameters(), new Random(3));
      ModelExport.write(graph.parameters(), Map.of(), json, null, StorageType.F32, folder);
      int[] ids = TestModels.tokens(new Random(5), 61 + 40 + 3, config.vocabSize());
      int[] targets = new int[ids.length];
      Arrays.fill(targets, -1);
      int v = config.vocabSize();
      float[] actual = graph.logits(new PackedBatch(ids, targets, List.of(61, 40, 3)));
      int[] borders = {0, 61, 101, 104};
      try (Engine engine = Engine.open(folder, EngineOptions.defaults().withThreads(2))) {
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
}
