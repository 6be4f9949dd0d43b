package io.hadal.train.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.TestModels;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gradients of the block drafter against central differences of its losses. */
class DrafterGradientTest {
  private static final String CONFIDENCE = "confidence";

  private final WorkerPool pool = new WorkerPool(2);

  @AfterEach
  void close() {
    pool.close();
  }

  private TrainingGraph graph(int streams, int experts) {
    ModelConfig config =
        ConfigReader.parse(
            TestModels.drafted(TestModels.config(512, streams), experts).put("swiglu_limit", 100),
            "test");
    TrainingGraph graph = new TrainingGraph(config, List.of(), GradientTest.tables(), 7, pool);
    GradientTest.disturb(graph.parameters(), new Random(3));
    for (int stage = 0; stage < 2 && experts > 0; stage++) {
      // Always the same two experts: a choice that flips has no slope.
      float[] bias = graph.parameters().get("mtp." + stage + ".ffn.gate.bias").value();
      bias[1] = 100;
      bias[2] = 100;
    }
    return graph;
  }

  private static Pass pass(PackedBatch batch, float distance) {
    float share = 1f / batch.tokens();
    return new Pass(0, 0, 0, 0, false).with(new Pass.Drafts(share, distance, 1));
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 0", "2, 3, 0", "2, 0, 0.7"})
  void ofThePredictions(int streams, int experts, float distance) {
    TrainingGraph graph = graph(streams, experts);
    PackedBatch batch = GradientTest.batch(130, 15, 9, 2);
    GradientTest.check(
        graph,
        batch,
        pass(batch, distance),
        l -> (l.drafts().crossEntropy() + distance * l.drafts().distance()) / batch.tokens(),
        name -> name.startsWith("mtp.") && !name.contains(CONFIDENCE));
  }

  @Test
  void ofTheConfidences() {
    TrainingGraph graph = graph(2, 0);
    PackedBatch batch = GradientTest.batch(130, 15, 9, 2);
    GradientTest.check(
        graph,
        batch,
        pass(batch, 0),
        l -> l.drafts().confidence() / batch.tokens(),
        name -> name.contains(CONFIDENCE));
  }

  @Test
  void theTrunkLearnsTheSameBesideADrafter() {
    TrainingGraph graph = graph(2, 3);
    PackedBatch batch = GradientTest.batch(130, 15, 9, 2);
    float share = 1f / batch.tokens();
    Pass trunk = new Pass(share, 1e-4f, share, share, false);
    Map<String, float[]> alone = gradients(graph, batch, trunk);
    Map<String, float[]> both = gradients(graph, batch, trunk.with(new Pass.Drafts(share, 1, 0)));
    Map<String, float[]> draft = gradients(graph, batch, pass(batch, 1));
    int drafting = 0;
    for (Map.Entry<String, float[]> e : both.entrySet()) {
      if (e.getKey().startsWith("mtp.")) {
        assertThat(alone.get(e.getKey())).as(e.getKey()).containsOnly(0);
        drafting++;
      } else {
        assertThat(e.getValue()).as(e.getKey()).isEqualTo(alone.get(e.getKey()));
        assertThat(draft.get(e.getKey())).as(e.getKey()).containsOnly(0);
      }
    }
    assertThat(drafting).isGreaterThan(40);
  }

  private static Map<String, float[]> gradients(TrainingGraph graph, PackedBatch batch, Pass pass) {
    graph.parameters().clearGradients();
    graph.train(batch, pass);
    Map<String, float[]> gradients = new HashMap<>();
    for (Parameter p : graph.parameters().all()) {
      if (p.kind() != Parameter.Kind.STATE) {
        gradients.put(p.name(), p.gradient().clone());
      }
    }
    return gradients;
  }
}
