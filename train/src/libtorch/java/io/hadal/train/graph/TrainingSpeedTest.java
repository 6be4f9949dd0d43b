package io.hadal.train.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.kernels.GemmPrecision;
import io.hadal.kernels.NativeStatus;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.ModelCost;
import io.hadal.train.TestModels;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import tools.jackson.databind.JsonNode;

/**
 * Times one training step, forward and backward without the optimiser, in Hadal and in libtorch on
 * one thread, and prints tokens/s, GFLOP/s, the peak of one core and resident memory. Times are
 * taken by the clock and as processor time of the thread, which is what counts on a busy machine.
 */
@EnabledIfSystemProperty(named = "hadal.slow", matches = "true")
class TrainingSpeedTest {
  private static final String CONFIG = "../models/hadal-nano/config.json";
  private static final int SPANS = 8;
  private static final int CONTEXT = 512;
  private static final int WARM_UP = 2;
  private static final int ROUNDS = 5;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private interface Step {
    double loss();
  }

  @Test
  void stepOfTheModelThatComesWithHadal() {
    JsonNode json = read(CONFIG).path("model");
    ModelConfig config = ConfigReader.parse(json, CONFIG);
    List<EngramModule> engrams = TestModels.engrams(config);
    Map<Integer, int[]> tables = tables(config);
    PackedBatch batch = batch(config.vocabSize());
    float share = 1f / batch.tokens();
    Pass pass = new Pass(share, 1e-5f, 1e-4f * share, share, false, null);
    torch.set_num_threads(1);
    try (WorkerPool pool = new WorkerPool(1)) {
      TrainingGraph graph = new TrainingGraph(config, engrams, tables, 1, pool);
      TorchModel model = new TorchModel(graph, engrams, tables, ScalarType.Float);
      ModelCost cost = ModelCost.of(graph.parameters(), config, CONTEXT);
      Map<String, Step> steps = new LinkedHashMap<>();
      steps.put("hadal", hadal(graph, batch, pass));
      steps.put("libtorch f32", libtorch("highest", model, batch, pass));
      steps.put("libtorch medium", libtorch("medium", model, batch, pass));
      if (NativeStatus.get().bf16()) {
        TrainingGraph rounded =
            new TrainingGraph(config, engrams, tables, 1, pool, GemmPrecision.BF16);
        steps.put("hadal bf16", hadal(rounded, batch, pass));
      }
      double[] losses = measure(steps, 3.0 * cost.flops() * batch.tokens());
      assertThat(losses[0]).isCloseTo(losses[1], withinPercentage(0.01));
    }
  }

  private static JsonNode read(String file) {
    try {
      return Json.parse(Files.readAllBytes(Path.of(file)), file);
    } catch (IOException e) {
      throw new FormatException(file, "cannot be read: " + e, e);
    }
  }

  /** Spread like the tables of training. */
  private static Map<Integer, int[]> tables(ModelConfig config) {
    Map<Integer, int[]> tables = new HashMap<>();
    config.layers().stream()
        .filter(layer -> layer.hashRouted())
        .forEach(
            layer -> {
              int e = layer.moe().experts();
              int k = layer.moe().activeExperts();
              int[] table = new int[config.vocabSize() * k];
              Arrays.setAll(table, i -> (i / k * 5 + i % k) % e);
              tables.put(layer.index(), table);
            });
    return tables;
  }

  private static PackedBatch batch(int vocab) {
    Random random = new Random(1);
    int[] ids = random.ints(SPANS * CONTEXT, 0, vocab).toArray();
    int[] targets = random.ints(SPANS * CONTEXT, 0, vocab).toArray();
    return new PackedBatch(ids, targets, Collections.nCopies(SPANS, CONTEXT));
  }

  private static Step hadal(TrainingGraph graph, PackedBatch batch, Pass pass) {
    return () -> {
      graph.parameters().clearGradients();
      return graph.train(batch, pass).crossEntropy();
    };
  }

  private static Step libtorch(String precision, TorchModel model, PackedBatch batch, Pass pass) {
    return () -> {
      torch.globalContext().setFloat32MatmulPrecision(precision);
      try (PointerScope _ = new PointerScope()) {
        model.weights().clearGradients();
        TorchModel.Losses losses = model.forward(batch, pass);
        losses.total().backward();
        double sum = losses.tokens().sum().item_double();
        return sum;
      }
    };
  }

  /** Runs the steps in turn; returns the loss of each. */
  private static double[] measure(Map<String, Step> steps, double flops) {
    List<String> names = List.copyOf(steps.keySet());
    double[][] seconds = new double[names.size()][ROUNDS];
    double[][] busy = new double[names.size()][ROUNDS];
    double[] peaks = new double[ROUNDS];
    double[] losses = new double[names.size()];
    PeakRate peak = new PeakRate();
    for (int r = -WARM_UP; r < ROUNDS; r++) {
      int round = Math.max(r, 0);
      peaks[round] = peak.gigaflops();
      int i = 0;
      for (Step step : steps.values()) {
        long used = THREADS.getCurrentThreadCpuTime();
        long began = System.nanoTime();
        losses[i] = step.loss();
        seconds[i][round] = (System.nanoTime() - began) / 1e9;
        busy[i][round] = (THREADS.getCurrentThreadCpuTime() - used) / 1e9;
        i++;
      }
    }
    double top = median(peaks);
    int tokens = SPANS * CONTEXT;
    print("peak of one core %.1f GFLOP/s f32, %.2f GFLOP a step", top, flops / 1e9);
    for (int i = 0; i < names.size(); i++) {
      double s = median(seconds[i]);
      double work = median(busy[i]);
      print("%s, loss %.5f", names.get(i), losses[i] / tokens);
      print("  wall %s s: %.0f tokens/s", range(seconds[i]), tokens / s);
      print(
          "  cpu %s s: %.0f tokens/cpu-s, %.1f GFLOP/cpu-s, %.0f %% of the peak",
          range(busy[i]), tokens / work, flops / work / 1e9, 100 * flops / work / 1e9 / top);
    }
    print("resident %d MiB", Pointer.physicalBytes() >> 20);
    return losses;
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }

  /** Median, least and largest. */
  private static String range(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return String.format(
        Locale.ROOT, "%.3f (%.3f to %.3f)", median(sorted), sorted[0], sorted[sorted.length - 1]);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }
}
