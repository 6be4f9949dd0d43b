package io.hadal.train.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.TestModels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Gradients against central differences of the loss, parameter by parameter. */
class GradientTest {
  private static final double TOLERANCE = 0.02;

  /** Moves everything away from its initial value, which hides mistakes. */
  static void disturb(ParameterSet parameters, Random random) {
    for (Parameter p : parameters.all()) {
      for (int i = 0; i < p.size(); i++) {
        // A table's row of zeros stays.
        if (p.kind() != Parameter.Kind.TABLE || p.value()[i] != 0) {
          p.value()[i] += (float) (0.1 * random.nextGaussian());
        }
      }
    }
  }

  static PackedBatch batch(int vocab, int... lengths) {
    Random random = new Random(11);
    int tokens = 0;
    List<Integer> spans = new ArrayList<>();
    for (int n : lengths) {
      tokens += n;
      spans.add(n);
    }
    int[] ids = TestModels.tokens(random, tokens, vocab);
    int[] targets = TestModels.tokens(random, tokens, vocab);
    targets[3] = -1;
    return new PackedBatch(ids, targets, spans);
  }

  /** Fixed experts for every token: a choice that flips has no slope. */
  static Map<Integer, int[]> tables() {
    Map<Integer, int[]> tables = new HashMap<>();
    for (int layer = 0; layer < 6; layer++) {
      int[] table = new int[130 * 2];
      for (int id = 0; id < 130; id++) {
        table[2 * id] = (id + layer) % 5;
        table[2 * id + 1] = (id + layer + 1 + id / 5 % 4) % 5;
      }
      tables.put(layer, table);
    }
    return tables;
  }

  interface Loss {
    double value(TrainingGraph.Losses losses);
  }

  /** Compares the slope in a random direction of every parameter. */
  static void check(TrainingGraph graph, PackedBatch batch, Pass pass, Loss loss, Names names) {
    graph.parameters().clearGradients();
    graph.train(batch, pass);
    // Passes that measure teach the indexers as well.
    Map<String, float[]> gradients = new HashMap<>();
    graph.parameters().all().forEach(p -> gradients.put(p.name(), p.gradient().clone()));
    Random random = new Random(17);
    List<String> wrong = new ArrayList<>();
    for (Parameter p : graph.parameters().all()) {
      if (p.kind() == Parameter.Kind.STATE || !names.concern(p.name())) {
        continue;
      }
      float[] before = p.value().clone();
      float[] gradient = Objects.requireNonNull(gradients.get(p.name()));
      float[] direction = new float[p.size()];
      double slope = 0;
      double norm = 0;
      for (int i = 0; i < direction.length; i++) {
        // Half along the gradient, so that there is something to see.
        direction[i] = (float) random.nextGaussian();
        norm += (double) gradient[i] * gradient[i];
      }
      norm = Math.sqrt(norm / direction.length) + 1e-12;
      for (int i = 0; i < direction.length; i++) {
        direction[i] += (float) (gradient[i] / norm);
        slope += (double) gradient[i] * direction[i];
      }
      double best = Double.POSITIVE_INFINITY;
      double measured = 0;
      // Steps between rounding and the corners of choices and clamps; one that agrees will do.
      for (double step : new double[] {3e-3, 1e-2, 1e-3, 3e-2, 3e-4, 1e-4}) {
        double high = moved(graph, batch, pass, loss, p, before, direction, step);
        double low = moved(graph, batch, pass, loss, p, before, direction, -step);
        double difference = (high - low) / (2 * step);
        double error = Math.abs(difference - slope) / Math.max(Math.abs(slope), 3e-3);
        if (error < best) {
          best = error;
          measured = difference;
        }
        if (best <= TOLERANCE) {
          break;
        }
      }
      System.arraycopy(before, 0, p.value(), 0, before.length);
      if (best > TOLERANCE) {
        wrong.add(p.name() + ": gradient " + slope + ", measured " + measured);
      }
    }
    assertThat(wrong).isEmpty();
  }

  interface Names {
    boolean concern(String name);
  }

  private static double moved(
      TrainingGraph graph,
      PackedBatch batch,
      Pass pass,
      Loss loss,
      Parameter p,
      float[] before,
      float[] direction,
      double step) {
    for (int i = 0; i < before.length; i++) {
      p.value()[i] = (float) (before[i] + step * direction[i]);
    }
    return loss.value(graph.forwardLosses(batch, pass));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 6})
  void ofTheCrossEntropy(int streams) {
    ObjectNode model = (ObjectNode) TestModels.config(512, streams);
    if (streams == 1) {
      // Without streams to average over, corners of the clamp show in the measured slope.
      model.put("swiglu_limit", 100);
    }
    ofTheCrossEntropy(model, tables());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void ofADenseModel(int streams) {
    ofTheCrossEntropy(TestModels.dense(streams), Map.of());
  }

  @Test
  void ofTheCompletionHead() {
    try (WorkerPool pool = new WorkerPool(2)) {
      TrainingGraph graph =
          new TrainingGraph(
              ConfigReader.parse(TestModels.completing(TestModels.config(512, 2)), "test"),
              List.of(),
              tables(),
              7,
              pool);
      disturb(graph.parameters(), new Random(3));
      int[] ids = TestModels.tokens(new Random(11), 40, 130);
      // A hole that is filled up to the end, one up to the next document, none.
      ids[9] = 7;
      ids[27] = 7;
      ids[32] = 1;
      PackedBatch batch =
          new PackedBatch(ids, TestModels.tokens(new Random(4), 40, 130), List.of(20, 15, 5));
      check(
          graph,
          batch,
          new Pass(1f / batch.tokens(), 0, 0, 0, false),
          l -> l.crossEntropy() / batch.tokens(),
          name -> name.matches("completion_head.*|norm.*|embed.*"));
    }
  }

  private static void ofTheCrossEntropy(JsonNode model, Map<Integer, int[]> tables) {
    try (WorkerPool pool = new WorkerPool(2)) {
      TrainingGraph graph =
          new TrainingGraph(ConfigReader.parse(model, "test"), List.of(), tables, 7, pool);
      disturb(graph.parameters(), new Random(3));
      PackedBatch batch = batch(130, 37, 22, 2);
      Pass pass = new Pass(1f / batch.tokens(), 0, 0, 0, false);
      check(
          graph,
          batch,
          pass,
          l -> l.crossEntropy() / batch.tokens(),
          name -> !name.contains("indexer"));
    }
  }

  @Test
  void ofTheIndexers() {
    try (WorkerPool pool = new WorkerPool(2)) {
      TrainingGraph graph =
          new TrainingGraph(
              ConfigReader.parse(TestModels.config(512, 2), "test"), List.of(), tables(), 7, pool);
      disturb(graph.parameters(), new Random(3));
      PackedBatch batch = batch(130, 37, 22, 2);
      Pass pass = new Pass(1f / batch.tokens(), 0, 0, 1f / batch.tokens(), false);
      check(
          graph,
          batch,
          pass,
          l -> l.divergence() / batch.tokens(),
          name -> name.contains("indexer"));
    }
  }

  @Test
  void ofTheMemories() {
    try (WorkerPool pool = new WorkerPool(2)) {
      for (String gate : List.of("signed_sqrt", "none")) {
        ModelConfig config = ConfigReader.parse(TestModels.hadal(2, gate, true), "test");
        TrainingGraph graph =
            new TrainingGraph(config, TestModels.engrams(config), tables(), 7, pool);
        disturb(graph.parameters(), new Random(3));
        PackedBatch batch = batch(130, 8, 5);
        Pass pass = new Pass(1f / batch.tokens(), 0, 0, 0, false);
        check(
            graph,
            batch,
            pass,
            l -> l.crossEntropy() / batch.tokens(),
            name -> name.contains("engram") || name.contains("embed"));
      }
    }
  }

  @Test
  void ofTheBalance() {
    try (WorkerPool pool = new WorkerPool(2)) {
      ModelConfig config = ConfigReader.parse(TestModels.config(512, 2), "test");
      TrainingGraph graph = new TrainingGraph(config, List.of(), Map.of(), 7, pool);
      // Always the same two experts: a choice that flips has no slope.
      for (int layer = 0; layer < 6; layer++) {
        float[] bias = graph.parameters().get("layers." + layer + ".ffn.gate.bias").value();
        bias[1] = 100;
        bias[4] = 100;
      }
      PackedBatch batch = batch(130, 37, 22, 2);
      Pass pass = new Pass(0, 0, 1f / batch.tokens(), 0, false);
      check(
          graph,
          batch,
          pass,
          l -> l.balance() / batch.tokens(),
          name -> name.contains("ffn.gate.weight"));
    }
  }
}
