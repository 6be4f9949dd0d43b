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
import io.hadal.kernels.Kernels;
import io.hadal.model.MemoryPlan;
import io.hadal.model.Model;
import io.hadal.model.config.ModelConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hadal demo}: the main job in a few seconds, on the model inside this program. */
@Command(
    name = "demo",
    description = {
      "Runs the embedded model: memory plan, check against reference numbers, generation with and"
          + " without speculation, exact branching of sessions.",
      "Exit code 0 only when every check passes."
    })
final class DemoCommand implements Callable<Integer> {
  private static final int PROMPT = 64;
  private static final int GENERATED = 96;
  private static final int WARMUP = 2;
  private static final int CONTEXT = 1024;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private RunOptions run = new RunOptions();

  @Option(
      names = "--folder",
      paramLabel = "PATH",
      description = "Where to unpack the model. Default: the user's cache folder.")
  private @Nullable Path folder;

  private int failed;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Path files = DemoFiles.unpack(folder);
    out.println("No trained model ships with Hadal yet, so this demo runs a small test model with");
    out.println("random weights: its numbers can be checked, its output means nothing.");
    out.println();
    try (Model model = Model.load(files)) {
      EngineOptions options = run.engine(CONTEXT).withDrafting(true);
      try (Engine engine = new Engine(model, options)) {
        describe(out, model, engine);
        out.println("reference numbers (largest difference of any logit)");
        verify(out, model, files.resolve("golden"), options);
        int[] prompt = new RandomTokens(1, model.config().vocabSize()).next(PROMPT);
        out.println();
        out.println("generation of " + GENERATED + " tokens after a prompt of " + PROMPT);
        generate(out, engine, prompt);
        out.println();
        out.println("sessions");
        sessions(out, engine, prompt);
      }
    }
    out.println();
    out.println(failed == 0 ? "demo passed" : "demo FAILED: " + failed + " checks");
    out.println();
    out.println("Next, with a DeepSeek-V4 checkpoint (safetensors folder or GGUF):");
    out.println("  hadal inspect MODEL              will it fit?");
    out.println("  hadal chat --model MODEL         talk with it");
    out.println("  hadal bench --model " + files + "   this model's speed in detail");
    out.flush();
    return failed == 0 ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private static void describe(PrintWriter out, Model model, Engine engine) {
    ModelConfig c = model.config();
    ParameterCount p = ParameterCount.of(model.store(), c);
    out.println(
        "%s: %d layers, %d experts (%d active), %s parameters (%s active), MTP layer %s"
            .formatted(
                c.family(),
                c.layers().size(),
                c.layers().getFirst().moe().experts(),
                c.layers().getFirst().moe().activeExperts(),
                ParameterCount.readable(p.total()),
                ParameterCount.readable(p.active()),
                model.weights().drafters().isEmpty() ? "absent" : "present"));
    out.println("kernels " + Kernels.get().name() + ", " + engine.options().threads() + " threads");
    out.println();
    out.println("memory plan for " + engine.plan().context() + " tokens");
    engine.plan().lines().forEach(line -> out.println("  " + line));
    out.println();
    out.flush();
  }

  private void verify(PrintWriter out, Model model, Path golden, EngineOptions options) {
    Report report = new Report(line -> {});
    Verifier.run(model, golden, options, report);
    double worst = report.cases().stream().mapToDouble(Report.Case::value).max().orElse(0);
    boolean ok = report.failed() == 0 && !report.cases().isEmpty();
    check(
        out,
        ok,
        String.format(Locale.ROOT, "%s, largest difference %.1e", report.summary(), worst));
  }

  private void generate(PrintWriter out, Engine engine, int[] prompt) {
    Speeds plain = speeds(engine, prompt, false);
    Speeds guessing = speeds(engine, prompt, true);
    out.println("  plain        " + plain.line());
    out.println("  speculative  " + guessing.line());
    check(
        out,
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

  private void sessions(PrintWriter out, Engine engine, int[] prompt) {
    int[] more = new RandomTokens(2, engine.model().config().vocabSize()).next(PROMPT);
    try (Session whole = engine.newSession();
        Session pieces = engine.newSession()) {
      float[] before = whole.append(prompt).clone();
      for (int id : prompt) {
        pieces.append(id);
      }
      check(
          out,
          Arrays.equals(before, pieces.logits()),
          "a prompt in one piece and token by token: identical bits");
      try (Session fork = whole.fork()) {
        fork.append(more);
        float[] other = pieces.append(more);
        check(
            out,
            Arrays.equals(fork.logits(), other) && Arrays.equals(whole.logits(), before),
            "a fork continues like its own session and leaves the original as it was");
        fork.truncate(prompt.length);
        check(
            out,
            Arrays.equals(fork.logits(), before),
            "cut back to the fork point: the logits of before");
      }
      out.println("       cached state of one session: " + MemoryPlan.size(whole.cacheBytes()));
    }
  }

  private void check(PrintWriter out, boolean ok, String what) {
    out.println((ok ? "  ok   " : "  FAIL ") + what);
    out.flush();
    failed += ok ? 0 : 1;
  }
}
