package io.hadal.train.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.hadal.kernels.GemmPrecision;
import io.hadal.kernels.NativeStatus;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ConfigReader;
import io.hadal.train.TestModels;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Gradients with products of bf16 are those of f32, a little blurred, on any number of threads. */
class Bf16GradientTest {

  private static TrainingGraph trained(GemmPrecision precision, WorkerPool pool) {
    TrainingGraph graph =
        new TrainingGraph(
            ConfigReader.parse(TestModels.config(512, 2), "test"),
            List.of(),
            GradientTest.tables(),
            7,
            pool,
            precision);
    GradientTest.disturb(graph.parameters(), new Random(3));
    PackedBatch batch = GradientTest.batch(130, 37, 22, 2);
    graph.parameters().clearGradients();
    graph.train(batch, new Pass(1f / batch.tokens(), 0, 0, 1f / batch.tokens(), false));
    return graph;
  }

  @Test
  void areNearThoseOfF32() {
    assumeThat(NativeStatus.get().bf16()).isTrue();
    try (WorkerPool one = new WorkerPool(1);
        WorkerPool two = new WorkerPool(2)) {
      TrainingGraph exact = trained(GemmPrecision.F32, two);
      TrainingGraph rounded = trained(GemmPrecision.BF16, two);
      TrainingGraph alone = trained(GemmPrecision.BF16, one);
      List<String> wrong = new ArrayList<>();
      double allError = 0;
      double allNorm = 0;
      for (Parameter p : exact.parameters().all()) {
        if (p.kind() == Parameter.Kind.STATE) {
          continue;
        }
        float[] g = rounded.parameters().get(p.name()).gradient();
        assertThat(alone.parameters().get(p.name()).gradient()).as(p.name()).isEqualTo(g);
        double error = 0;
        double norm = 0;
        for (int i = 0; i < g.length; i++) {
          error += Math.pow(g[i] - p.gradient()[i], 2);
          norm += Math.pow(p.gradient()[i], 2);
        }
        allError += error;
        allNorm += norm;
        // A mistake would make it 1 or so, as cancelling does in tensors of a few values.
        if (g.length > 8 && error > 0.4 * 0.4 * norm) {
          wrong.add(p.name() + ": " + Math.sqrt(error / norm));
        }
      }
      assertThat(wrong).isEmpty();
      // 8 bits in every product of six disturbed layers.
      assertThat(Math.sqrt(allError / allNorm)).isBetween(1e-3, 0.08);
    }
  }
}
