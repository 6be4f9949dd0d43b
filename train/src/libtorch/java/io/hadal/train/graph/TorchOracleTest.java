package io.hadal.train.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.TestModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Whole models against the same models in libtorch, which computes in double precision and finds
 * its gradients itself: the losses of every token and the gradients of every parameter.
 */
class TorchOracleTest {
  /** Largest length of a gradient's error, relative to the gradient. */
  private static final double BOUND = 1e-4;

  /**
   * Where sums cancel out or a root is steep, f32 cannot meet the bound: then no more than so many
   * times the error of libtorch in f32.
   */
  private static final double SINGLE = 4;

  /** Largest error of a loss, relative and absolute. */
  private static final double LOSS_BOUND = 2e-5;

  private static final boolean TABLES = true;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 6})
  void everyBlock(int streams) {
    check(TestModels.config(512, streams), TABLES, false, 37, 22, 2);
  }

  @Test
  void spansOfOneLengthInWindowBlocks() {
    check(TestModels.config(512, 4), TABLES, false, 28, 28, 13);
  }

  @Test
  void choiceOfEntries() {
    check(TestModels.config(6, 2), TABLES, false, 37, 22, 22, 2);
  }

  @Test
  void allEntriesThoughAnIndexerCouldChoose() {
    check(TestModels.config(6, 2), TABLES, true, 37, 22, 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void routedByScores(int streams) {
    check(TestModels.config(512, streams), !TABLES, false, 37, 22, 2);
  }

  @Test
  void noRoutedExperts() {
    check(TestModels.dense(2), !TABLES, false, 37, 22, 2);
  }

  @Test
  void gatedMemory() {
    check(TestModels.hadal(4, "signed_sqrt", false), TABLES, false, 37, 22, 2);
  }

  @Test
  void structuralChannels() {
    check(TestModels.hadal(2, "signed_sqrt", true), TABLES, false, 37, 22, 2);
    check(TestModels.hadal(2, "none", true), TABLES, false, 37, 22, 2);
  }

  private static void check(JsonNode json, boolean fixed, boolean dense, int... lengths) {
    torch.set_num_threads(1);
    ModelConfig config = ConfigReader.parse(json, "test");
    List<EngramModule> engrams = TestModels.engrams(config);
    Map<Integer, int[]> tables = fixed ? tables(config) : TestModels.tables(config);
    PackedBatch batch = batch(Math.min(512, config.vocabSize()), lengths);
    float share = 1f / batch.tokens();
    Pass pass = new Pass(share, 1e-2f, 0.1f * share, share, dense, null);
    try (WorkerPool pool = new WorkerPool(2);
        PointerScope _ = new PointerScope()) {
      TrainingGraph graph = new TrainingGraph(config, engrams, tables, 7, pool);
      GradientTest.disturb(graph.parameters(), new Random(3));
      graph.parameters().clearGradients();
      TrainingGraph.Losses losses = graph.train(batch, pass);
      TorchModel model = new TorchModel(graph, engrams, tables, ScalarType.Double);
      TorchModel.Losses reference = model.forward(batch, pass);
      compareLosses(graph, batch, losses, reference);
      reference.total().backward();
      TorchModel single = new TorchModel(graph, engrams, tables, ScalarType.Float);
      single.forward(batch, pass).total().backward();
      compareGradients(graph.parameters(), model.weights(), single.weights());
    }
  }

  private static Map<Integer, int[]> tables(ModelConfig config) {
    Map<Integer, int[]> tables = GradientTest.tables();
    tables.replaceAll((layer, table) -> repeat(table, 2 * config.vocabSize()));
    return tables;
  }

  private static int[] repeat(int[] table, int size) {
    int[] out = new int[size];
    for (int i = 0; i < size; i++) {
      out[i] = table[i % table.length];
    }
    return out;
  }

  private static PackedBatch batch(int vocab, int... lengths) {
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

  private static void compareLosses(
      TrainingGraph graph,
      PackedBatch batch,
      TrainingGraph.Losses losses,
      TorchModel.Losses reference) {
    float[] actual = graph.tokenLosses(batch);
    double[] expected = TorchWeights.doubles(reference.tokens());
    int next = 0;
    for (int t = 0; t < batch.tokens(); t++) {
      if (batch.target(t) >= 0) {
        double e = expected[next++];
        assertThat((double) actual[t]).isCloseTo(e, within(LOSS_BOUND * (1 + Math.abs(e))));
      }
    }
    compare(losses.divergence(), reference.divergence());
    compare(losses.balance(), reference.balance());
  }

  private static void compare(double actual, @Nullable Tensor expected) {
    double e = expected == null ? 0 : expected.item_double();
    assertThat(actual).isCloseTo(e, within(LOSS_BOUND * (1 + Math.abs(e))));
  }

  private static void compareGradients(
      ParameterSet parameters, TorchWeights reference, TorchWeights single) {
    List<String> wrong = new ArrayList<>();
    for (Parameter p : parameters.all()) {
      if (p.kind() == Parameter.Kind.STATE) {
        continue;
      }
      double[] expected = reference.gradient(p.name());
      double[] actual = new double[expected.length];
      Arrays.setAll(actual, i -> p.gradient()[i]);
      double size = distance(expected, new double[expected.length]);
      double error = distance(actual, expected);
      double usual = distance(single.gradient(p.name()), expected);
      if (!(error <= Math.max(BOUND * size, SINGLE * usual))) {
        wrong.add(p.name() + ": " + error + " of " + size + ", libtorch in f32 " + usual);
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static double distance(double[] a, double[] b) {
    double squares = 0;
    for (int i = 0; i < a.length; i++) {
      squares += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(squares);
  }
}
