package io.hadal.cli.verify;

import io.hadal.cli.verify.Golden.Prompt;
import io.hadal.cli.verify.Golden.Tensors;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Sampler;
import io.hadal.engine.Session;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/**
 * Modes with simulated quantisation. One flipped code changes choices behind it, so positions are
 * compared by their statistics.
 */
final class SimulatedCases {
  private final Model model;
  private final Golden golden;
  private final EngineOptions options;
  private final Report report;
  // Mean cosines of prompts in which a rounding may fall on either side.
  private final List<Double> flipped = new ArrayList<>();

  SimulatedCases(Model model, Golden golden, EngineOptions options, Report report) {
    this.model = model;
    this.golden = golden;
    this.options = options;
    this.report = report;
  }

  void run(Tensors t) {
    for (NumericMode mode : new NumericMode[] {NumericMode.KVQ, NumericMode.OFFICIAL}) {
      String prefix = mode.name().toLowerCase(Locale.ROOT) + ".";
      List<double[]> positions = new ArrayList<>();
      try (Engine engine = new Engine(model, options.withMode(mode))) {
        for (Prompt p : golden.prompts()) {
          if (t.has(prefix + p.id() + ".sampled")) {
            positions.add(compare(engine, mode, t, prefix + p.id(), p));
          } else if (t.has(prefix + p.id() + ".full") || t.has(prefix + p.id() + ".last16")) {
            compareWhole(engine, mode, t, prefix + p.id(), p);
          }
        }
      }
      if (mode == NumericMode.KVQ && !positions.isEmpty()) {
        pooled(positions);
      }
      if (!flipped.isEmpty()) {
        double mean = flipped.stream().mapToDouble(Double::doubleValue).average().orElse(0);
        report.add("kvq long prompts", 1 - mean, 0.03, true, "1 - mean cosine");
        flipped.clear();
      }
    }
  }

  /**
   * Median and tail over the positions of all prompts. One rounding that falls on the other side at
   * the start of a prompt shifts all of its positions a little, so single prompts are shown but not
   * judged.
   */
  private void pooled(List<double[]> positions) {
    double[] all = positions.stream().flatMapToDouble(Arrays::stream).toArray();
    double median = Distance.quantile(all, 0.5);
    double p95 = Distance.quantile(all, 0.95);
    double limit = golden.index().path("config").asString("").equals("A") ? 1e-4 : 5e-3;
    report.add(
        "kvq all positions",
        median,
        limit,
        p95 <= 0.1,
        String.format(Locale.ROOT, "median of %d; p95 %.2e (limit 1.0e-01)", all.length, p95));
  }

  private double[] compare(Engine engine, NumericMode mode, Tensors t, String key, Prompt p) {
    float[][] rows;
    try (Session session = engine.newSession()) {
      rows = session.appendAll(p.tokens());
    }
    int[] ids = golden.sampleIds();
    float[] sampled = t.floats(key + ".sampled");
    int[] argmax = t.ints(key + ".argmax");
    double[] max = new double[rows.length];
    double sum = 0;
    int same = 0;
    for (int i = 0; i < rows.length; i++) {
      float[] mine = Distance.pick(rows[i], ids);
      max[i] = Distance.max(mine, 0, sampled, i * ids.length, ids.length);
      for (int j = 0; j < ids.length; j++) {
        sum += Math.abs((double) mine[j] - sampled[i * ids.length + j]);
      }
      same += Sampler.argmax(rows[i]) == argmax[i] ? 1 : 0;
    }
    double median = Distance.quantile(max, 0.5);
    double p95 = Distance.quantile(max, 0.95);
    double mean = sum / sampled.length;
    double top1 = same / (double) rows.length;
    String note = "top-1 " + same + "/" + rows.length;
    if (mode == NumericMode.KVQ) {
      report.info(
          key, String.format(Locale.ROOT, "median|Δ| %.2e  p95 %.2e  %s", median, p95, note));
      return max;
    }
    JsonNode sim = golden.index().path("sim").path(key);
    double meanLimit = sim.path("mean_abs_vs_exact").asDouble(Double.POSITIVE_INFINITY);
    double topLimit = sim.path("top1_vs_exact").asDouble(0);
    report.add(
        key,
        mean,
        meanLimit,
        top1 >= topLimit - 1e-6,
        String.format(Locale.ROOT, "mean; %s (at least %.3f)", note, topLimit));
    return max;
  }

  /** Whole rows of logits, of all positions or of the last sixteen. */
  private void compareWhole(Engine engine, NumericMode mode, Tensors t, String key, Prompt p) {
    boolean full = t.has(key + ".full");
    float[] expected = t.floats(key + (full ? ".full" : ".last16"));
    float[][] rows;
    try (Session session = engine.newSession()) {
      rows = session.appendAll(p.tokens());
    }
    int vocab = rows[0].length;
    int count = expected.length / vocab;
    double max = 0;
    double cosines = 0;
    for (int i = 0; i < count; i++) {
      float[] row = rows[rows.length - count + i];
      max = Math.max(max, Distance.max(row, 0, expected, i * vocab, vocab));
      cosines += Distance.cosine(row, expected, i * vocab);
    }
    double cosine = cosines / count;
    JsonNode sim = golden.index().path("simulated").path(p.id());
    String note = String.format(Locale.ROOT, "mean cosine %.6f", cosine);
    if (mode == NumericMode.OFFICIAL) {
      double floor = sim.path("official_vs_exact_cos_mean").asDouble(0);
      report.add(key, 1 - cosine, 1 - floor, true, "1 - mean cosine, no worse than exact is");
    } else if (sim.path("kvq_noise_max").asDouble(0) < 1e-4) {
      report.add(key, max, 1e-3, true, note);
    } else {
      report.info(key, note + "  (roundings flip at this length)");
      flipped.add(cosine);
    }
  }
}
