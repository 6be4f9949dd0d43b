package io.hadal.cli.verify;

import io.hadal.cli.verify.Golden.Prompt;
import io.hadal.cli.verify.Golden.Tensors;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Sampler;
import io.hadal.engine.Session;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import io.hadal.model.weights.WeightBinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Runs every case of a golden against a model: logits, greedy continuations, intermediates, drafts,
 * storage.
 */
public final class Verifier {
  /** Rounding noise of f32 arithmetic up to about a thousand positions, and beyond. */
  private static final double LIMIT = 2e-4;

  private static final double LONG_LIMIT = 5e-4;
  private static final int LONG_PROMPT = 1000;

  private final Model model;
  private final Golden golden;
  private final EngineOptions options;
  private final Report report;

  private Verifier(Model model, Golden golden, EngineOptions options, Report report) {
    this.model = model;
    this.golden = golden;
    this.options = options;
    this.report = report;
  }

  /** Verifies a model against the golden at {@code path}. */
  public static void run(Model model, Path path, EngineOptions options, Report report) {
    try (Golden golden = Golden.open(path)) {
      new Verifier(model, golden, options, report).all();
    }
  }

  private void all() {
    int longest = golden.longest();
    EngineOptions sized =
        options.withContext(longest + 64).withStepTokens(256).withPlainImageIds(true);
    EngineOptions whole = sized.withStepTokens(longest + 1);
    Tensors logits = golden.tensors("logits");
    if (logits != null) {
      try (Engine engine = new Engine(model, sized.withMode(NumericMode.EXACT))) {
        logits(engine, logits);
        decoded(engine);
      }
    }
    if (!golden.single()) {
      new IntermediateCases(model, golden, whole.withMode(NumericMode.EXACT), report)
          .run(golden.tensors("hidden"), golden.tensors("layers"), golden.tensors("select"));
      new MemoryCases(model, golden, report).run();
    }
    drafts(whole.withMode(NumericMode.EXACT).withDrafting(true));
    new BlockDraftCases(model, golden, sized.withMode(NumericMode.EXACT), report).run();
    new ChatCases(model, golden, sized.withMode(NumericMode.EXACT), report).run();
    if (!golden.single()) {
      Tensors simulated = golden.tensors("simulated");
      if (simulated != null) {
        new SimulatedCases(model, golden, sized, report).run(simulated);
      }
      Tensors dequant = golden.tensors("dequant");
      if (dequant != null) {
        dequantised(dequant);
      }
    }
  }

  private double limit(int length) {
    return length >= LONG_PROMPT ? LONG_LIMIT : LIMIT;
  }

  private void logits(Engine engine, Tensors t) {
    for (Prompt p : golden.prompts()) {
      try (Session session = engine.newSession()) {
        float[][] rows = session.appendAll(p.tokens());
        compare("logits " + p.id(), t, p.id(), rows, limit(p.tokens().length));
        greedy(session, t, p);
      }
    }
  }

  /** Continuations that start from a prompt taken in token by token. */
  private void decoded(Engine engine) {
    Tensors t = golden.tensors("decode");
    if (t == null) {
      return;
    }
    for (Prompt p : golden.decoded()) {
      try (Session session = engine.newSession()) {
        for (int token : p.tokens()) {
          session.append(token);
        }
        greedy(session, t, p);
      }
    }
  }

  /** Compares rows with whatever the golden holds of a prompt. */
  private void compare(String name, Tensors t, String key, float[][] rows, double limit) {
    double max = 0;
    boolean agrees = true;
    List<String> notes = new ArrayList<>();
    int n = rows.length;
    if (t.has(key + ".last")) {
      max = Math.max(max, Distance.max(rows[n - 1], t.floats(key + ".last")));
    }
    if (t.has(key + ".full")) {
      float[] full = t.floats(key + ".full");
      for (int i = 0; i < n; i++) {
        max = Math.max(max, Distance.max(rows[i], 0, full, i * rows[i].length, rows[i].length));
      }
    }
    if (t.has(key + ".sampled")) {
      int[] ids = golden.sampleIds();
      float[] sampled = t.floats(key + ".sampled");
      for (int i = 0; i < n; i++) {
        max =
            Math.max(
                max,
                Distance.max(Distance.pick(rows[i], ids), 0, sampled, i * ids.length, ids.length));
      }
    }
    if (t.has(key + ".lse")) {
      float[] lse = t.floats(key + ".lse");
      for (int i = 0; i < n; i++) {
        max = Math.max(max, Math.abs(Distance.logSumExp(rows[i]) - lse[i]));
      }
    }
    if (t.has(key + ".argmax")) {
      int[] expected = t.ints(key + ".argmax");
      int same = 0;
      for (int i = 0; i < n; i++) {
        same += Sampler.argmax(rows[i]) == expected[i] ? 1 : 0;
      }
      agrees = same == n;
      notes.add("top-1 " + same + "/" + n);
    }
    report.add(name, max, limit, agrees, String.join("  ", notes));
  }

  private void greedy(Session session, Tensors t, Prompt p) {
    if (p.greedy().length == 0) {
      return;
    }
    String key = p.id() + ".greedy_logits";
    float[] expected = t.has(key) ? t.floats(key) : new float[0];
    double max = 0;
    int same = 0;
    for (int i = 0; i < p.greedy().length; i++) {
      float[] row = session.logits();
      if (expected.length > 0) {
        max = Math.max(max, Distance.max(row, 0, expected, i * row.length, row.length));
      }
      if (Sampler.argmax(row) != p.greedy()[i]) {
        break;
      }
      same++;
      session.append(p.greedy()[i]);
    }
    int length = p.tokens().length + p.greedy().length;
    report.add(
        "greedy " + p.id(),
        max,
        limit(length),
        same == p.greedy().length,
        "tokens " + same + "/" + p.greedy().length);
  }

  private void drafts(EngineOptions drafting) {
    Tensors t = golden.tensors("mtp");
    if (t == null || model.weights().drafters().isEmpty()) {
      return;
    }
    try (Engine engine = new Engine(model, drafting)) {
      if (golden.single()) {
        for (Prompt p : golden.prompts()) {
          if (t.has(p.id() + ".mtp.last")) {
            draft(engine, t, p.id() + ".mtp", p, p.greedy()[0], null);
          }
        }
        return;
      }
      for (JsonNode entry : golden.index().path("mtp")) {
        String id = entry.path("id").asString();
        JsonNode guess = entry.get("draft");
        draft(
            engine,
            t,
            id,
            golden.prompt(id),
            entry.path("next_token").asInt(),
            guess == null ? null : guess.asInt());
      }
    }
  }

  private void draft(
      Engine engine, Tensors t, String key, Prompt p, int next, @Nullable Integer guess) {
    float[][] rows = engine.draftLogits(p.tokens(), next);
    compare("mtp " + p.id(), t, key, rows, limit(p.tokens().length));
    if (guess != null) {
      int actual = Sampler.argmax(rows[rows.length - 1]);
      report.check("draft " + p.id(), actual == guess, "token " + actual + ", expected " + guess);
    }
  }

  private void dequantised(Tensors t) {
    for (String tensor : t.store().names()) {
      if (!tensor.endsWith(".rows")) {
        continue;
      }
      String name = tensor.substring(0, tensor.length() - ".rows".length());
      Matrix m = WeightBinder.matrix(model.config(), model.store(), name);
      float[] expected = t.floats(tensor);
      int[] ids = t.ints(name + ".row_ids");
      double max = 0;
      float[] row = new float[m.cols()];
      for (int i = 0; i < ids.length; i++) {
        Kernels.get().dequantize(m, ids[i], 0, m.cols(), row, 0);
        max = Math.max(max, Distance.max(row, 0, expected, i * m.cols(), m.cols()));
      }
      report.add("dequant " + name, max, 0, sums(t, name, m), "sum and sum of squares 1e-5");
    }
  }

  private static boolean sums(Tensors t, String name, Matrix m) {
    double sum = 0;
    double squares = 0;
    double magnitude = 0;
    float[] row = new float[m.cols()];
    for (int r = 0; r < m.rows(); r++) {
      Kernels.get().dequantize(m, r, 0, m.cols(), row, 0);
      for (float v : row) {
        sum += v;
        magnitude += Math.abs(v);
        squares += (double) v * v;
      }
    }
    // The sum cancels, so its noise is relative to what was added up.
    boolean sumOk =
        !t.has(name + ".sum") || Math.abs(sum - t.floats(name + ".sum")[0]) <= 1e-5 * magnitude;
    boolean squaresOk =
        !t.has(name + ".sumsq")
            || Math.abs(squares - t.floats(name + ".sumsq")[0]) <= 1e-5 * squares;
    return sumOk && squaresOk;
  }

  /** Rows of a flat matrix at the given positions. */
  static float[] rows(float[] values, int width, int[] positions) {
    float[] out = new float[positions.length * width];
    for (int i = 0; i < positions.length; i++) {
      System.arraycopy(values, positions[i] * width, out, i * width, width);
    }
    return out;
  }

  static boolean sameSets(int[] a, int[] b) {
    int[] x = a.clone();
    int[] y = b.clone();
    Arrays.sort(x);
    Arrays.sort(y);
    return Arrays.equals(x, y);
  }
}
