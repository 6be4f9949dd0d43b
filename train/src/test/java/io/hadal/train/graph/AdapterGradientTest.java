package io.hadal.train.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.TestModels;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Gradients of A, B and table rows against central differences of the loss. */
class AdapterGradientTest {
  private static final double TOLERANCE = 0.02;
  private static final int RANK = 3;

  private static PackedBatch batch() {
    Random random = new Random(11);
    int[] ids = TestModels.tokens(random, 41, 130);
    int[] targets = TestModels.tokens(random, 41, 130);
    targets[3] = -1;
    return new PackedBatch(ids, targets, List.of(22, 17, 2));
  }

  private static Adapters attach(TrainingGraph graph, WorkerPool pool, String pattern) {
    return Adapters.attach(graph.parameters(), name -> name.matches(pattern), RANK, 1.7f, 5, pool);
  }

  @Test
  void ofEveryKindOfMatrix() {
    ModelConfig config = ConfigReader.parse(TestModels.hadal(2, "signed_sqrt", true), "test");
    try (WorkerPool pool = new WorkerPool(2)) {
      TrainingGraph graph =
          new TrainingGraph(config, TestModels.engrams(config), GradientTest.tables(), 7, pool);
      GradientTest.disturb(graph.parameters(), new Random(3));
      Adapters adapters =
          attach(
              graph,
              pool,
              ".*\\.(attn\\.(w\\w+|compressor\\.w\\w+)|ffn\\..*w[123]|engram\\.(wkv|embed))"
                  + "\\.weight|head\\.weight");
      // Grouped output, single experts and the fused head are among them.
      assertThat(adapters.matrices()).isGreaterThan(6 * (5 + 3 * 6));
      assertThat(adapters.tables()).hasSize(2);
      GradientTest.disturb(adapters.trained(), new Random(4));
      adapters.apply();
      check(graph, adapters);
    }
  }

  private static void check(TrainingGraph graph, Adapters adapters) {
    PackedBatch batch = batch();
    Pass pass = new Pass(1f / batch.tokens(), 0, 0, 0, false);
    adapters.trained().clearGradients();
    graph.train(batch, pass);
    Random random = new Random(17);
    List<String> wrong = new ArrayList<>();
    int moving = 0;
    for (Parameter p : adapters.trained().all()) {
      float[] before = p.value().clone();
      float[] gradient = p.gradient().clone();
      double norm = 0;
      for (float g : gradient) {
        norm += (double) g * g;
      }
      norm = Math.sqrt(norm / gradient.length) + 1e-12;
      float[] direction = new float[p.size()];
      double slope = 0;
      for (int i = 0; i < direction.length; i++) {
        // Half along the gradient, so that there is something to see.
        direction[i] = (float) (random.nextGaussian() + gradient[i] / norm);
        slope += (double) gradient[i] * direction[i];
      }
      moving += Math.abs(slope) > 3e-3 ? 1 : 0;
      double best = Double.POSITIVE_INFINITY;
      // The signed square root of a gate near zero needs the smallest steps.
      for (double step : new double[] {3e-3, 1e-3, 1e-2, 3e-4, 1e-4, 3e-5, 1e-5}) {
        double high = moved(graph, adapters, batch, pass, p, before, direction, step);
        double low = moved(graph, adapters, batch, pass, p, before, direction, -step);
        double error = Math.abs((high - low) / (2 * step) - slope);
        best = Math.min(best, error / Math.max(Math.abs(slope), 3e-3));
        if (best <= TOLERANCE) {
          break;
        }
      }
      System.arraycopy(before, 0, p.value(), 0, before.length);
      adapters.apply();
      if (best > TOLERANCE) {
        wrong.add(p.name() + ": gradient " + slope + " is off by " + best);
      }
    }
    assertThat(wrong).isEmpty();
    // A gradient that is zero everywhere would pass.
    assertThat(moving).isGreaterThan(adapters.trained().all().size() / 2);
  }

  private static double moved(
      TrainingGraph graph,
      Adapters adapters,
      PackedBatch batch,
      Pass pass,
      Parameter p,
      float[] before,
      float[] direction,
      double step) {
    for (int i = 0; i < before.length; i++) {
      p.value()[i] = (float) (before[i] + step * direction[i]);
    }
    adapters.apply();
    return graph.forwardLosses(batch, pass).crossEntropy() / batch.tokens();
  }

  @Test
  void theRestIsFrozenAndANewAdapterChangesNothing() {
    ModelConfig config = ConfigReader.parse(TestModels.hadal(2, "signed_sqrt", true), "test");
    try (WorkerPool pool = new WorkerPool(2)) {
      TrainingGraph graph =
          new TrainingGraph(config, TestModels.engrams(config), GradientTest.tables(), 7, pool);
      double before = graph.evaluate(batch()).crossEntropy();
      Adapters adapters = attach(graph, pool, ".*\\.attn\\.wq_a\\.weight");
      adapters.apply();
      assertThat(graph.evaluate(batch()).crossEntropy()).isEqualTo(before);
      graph.train(batch(), new Pass(1f, 0, 0, 0, false));
      for (Parameter p : graph.parameters().all()) {
        if (p.kind() != Parameter.Kind.VECTOR) {
          assertThat(p.gradient()).as(p.name()).isEmpty();
        }
      }
      assertThat(adapters.trained().all())
          .hasSize(12)
          .allMatch(p -> p.name().contains(".lora_a") || p.name().contains(".lora_b"));
    }
  }
}
