package io.hadal.cli;

import io.hadal.cli.verify.Report;
import io.hadal.cli.verify.Verifier;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.GenerationOptions;
import io.hadal.engine.GenerationResult;
import io.hadal.engine.Generator;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.model.MemoryPlan;
import io.hadal.model.Model;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/** Properties that the demo proves on a small test model with random weights. */
final class DemoChecks {
  private static final int PROMPT = 64;
  private static final int GENERATED = 96;
  private static final int WARMUP = 2;

  private final PrintWriter out;
  private int failed;

  DemoChecks(PrintWriter out) {
    this.out = out;
  }

  int failed() {
    return failed;
  }

  /** Runs all checks on the unpacked test model. */
  void run(Path files, EngineOptions options) {
    try (Model model = Model.load(files);
        Engine engine = new Engine(model, options)) {
      int[] prompt = new RandomTokens(1, model.config().vocabSize()).next(PROMPT);
      verify(model, files.resolve("golden"), options);
      generate(engine, prompt);
      sessions(engine, prompt);
    }
  }

  private void verify(Model model, Path golden, EngineOptions options) {
    Report report = new Report(line -> {});
    Verifier.run(model, golden, options, report);
    double worst = report.cases().stream().mapToDouble(Report.Case::value).max().orElse(0);
    boolean ok = report.failed() == 0 && !report.cases().isEmpty();
    check(ok, String.format(Locale.ROOT, "%s, largest difference %.1e", report.summary(), worst));
  }

  private void generate(Engine engine, int[] prompt) {
    Speeds plain = speeds(engine, prompt, false);
    Speeds guessing = speeds(engine, prompt, true);
    check(
        plain.result().tokens().equals(guessing.result().tokens()),
        "speculation gives the same tokens (random weights guess badly: few are accepted)");
    out.flush();
  }

  /** The last of a few runs: the first ones warm the compiler up. */
  private static Speeds speeds(Engine engine, int[] prompt, boolean speculate) {
    for (int i = 0; i < WARMUP; i++) {
      once(engine, prompt, speculate);
    }
    return once(engine, prompt, speculate);
  }

  private static Speeds once(Engine engine, int[] prompt, boolean speculate) {
    GenerationOptions options =
        new GenerationOptions(GENERATED, SamplingOptions.greedy(), Set.of(), speculate);
    try (Session session = engine.newSession()) {
      long start = System.nanoTime();
      session.append(prompt);
      long prefill = System.nanoTime() - start;
      GenerationResult result = new Generator(engine, session, options).run((id, l) -> true);
      return new Speeds(prompt.length, prefill, result);
    }
  }

  private void sessions(Engine engine, int[] prompt) {
    int[] more = new RandomTokens(2, engine.model().config().vocabSize()).next(PROMPT);
    try (Session whole = engine.newSession();
        Session pieces = engine.newSession()) {
      float[] before = whole.append(prompt).clone();
      for (int id : prompt) {
        pieces.append(id);
      }
      check(
          Arrays.equals(before, pieces.logits()),
          "a prompt in one piece and token by token: identical bits");
      try (Session fork = whole.fork()) {
        fork.append(more);
        float[] other = pieces.append(more);
        check(
            Arrays.equals(fork.logits(), other) && Arrays.equals(whole.logits(), before),
            "a fork continues like its own session and leaves the original as it was");
        fork.truncate(prompt.length);
        check(
            Arrays.equals(fork.logits(), before),
            "cut back to the fork point: the logits of before");
      }
      out.println("       cached state of one session: " + MemoryPlan.size(whole.cacheBytes()));
    }
  }

  void check(boolean ok, String what) {
    out.println((ok ? "  ok   " : "  FAIL ") + what);
    out.flush();
    failed += ok ? 0 : 1;
  }
}
