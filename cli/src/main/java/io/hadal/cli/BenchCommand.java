package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.engine.WarmUp;
import io.hadal.engine.Work;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.Kernels;
import io.hadal.model.Model;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.engram.EngramCounters;
import io.hadal.model.weights.EngramMemory;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal bench}: speed of prompts and of generation, at any depth of context. */
@Command(
    name = "bench",
    description = {
      "Measures how fast prompts are taken in (pp) and tokens generated one by one (tg), on seeded"
          + " random token ids.",
      "With --depth the context is filled to that many tokens first; that is not timed."
    })
final class BenchCommand implements Callable<Integer> {
  private static final long SEED = 42;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private ModeOption mode = ModeOption.fast();

  @Mixin private ReplayOption replay = new ReplayOption();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Option(
      names = "-p",
      paramLabel = "N",
      split = ",",
      description = "Prompt lengths, 0 for none. Default: 512.")
  private List<Integer> prompts = List.of(512);

  @Option(
      names = "-n",
      paramLabel = "N",
      split = ",",
      description = "Tokens to generate, 0 for none. Default: 128.")
  private List<Integer> generations = List.of(128);

  @Option(
      names = {"-s", "--sessions"},
      paramLabel = "N",
      split = ",",
      description =
          "Sessions that generate together, each its own tokens; speeds are of all of them."
              + " Default: 1.")
  private List<Integer> sessions = List.of(1);

  @Option(names = "-r", paramLabel = "N", description = "Repetitions of each test. Default: 3.")
  private int repetitions = 3;

  @Option(
      names = {"-d", "--depth"},
      paramLabel = "N",
      split = ",",
      description = "Tokens already in the context. Default: 0.")
  private List<Integer> depths = List.of(0);

  @Option(
      names = "--chunk",
      paramLabel = "N",
      description = "Tokens per step of a prompt. Default: 256.")
  private int chunk = 256;

  @Option(
      names = "--no-warmup",
      description = "Measure the first run too; the result is marked cold.")
  private boolean noWarmup;

  @ArgGroup(exclusive = true)
  private @Nullable Format format;

  static final class Format {
    @Option(names = "--csv", description = "Print CSV with a header line.")
    private boolean csv;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;
  }

  @Override
  public Integer call() {
    int longest = longest();
    try (Model loaded = model.load();
        Engine engine = new Engine(loaded, options(longest));
        Interruption interruption = Interruption.listen()) {
      warmUp(engine, interruption);
      List<BenchResult> results = new ArrayList<>();
      RandomTokens random = new RandomTokens(SEED, loaded.config().vocabSize());
      for (int depth : depths) {
        measure(loaded, engine, depth, random, interruption, results);
      }
      print(report(loaded, engine, results));
    }
    return ExitCode.OK;
  }

  private int longest() {
    check("-p", prompts, 0);
    check("-n", generations, 0);
    check("--depth", depths, 0);
    check("-r", List.of(repetitions), 1);
    check("--sessions", sessions, 1);
    long longest = Math.max(max(prompts), max(generations)) + (long) max(depths);
    if (Math.max(max(prompts), max(generations)) == 0) {
      throw usage("nothing to measure: -p and -n are 0");
    }
    if (longest > Integer.MAX_VALUE - 1) {
      throw usage("depth and tokens together exceed " + (Integer.MAX_VALUE - 1));
    }
    return (int) longest;
  }

  private void check(String option, List<Integer> values, int least) {
    for (int value : values) {
      if (value < least) {
        throw usage(option + " must be at least " + least + ", is " + value);
      }
    }
  }

  private static int max(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  /** A prompt of which most is left out must be known whole. */
  private int promptPiece() {
    return replay.on() ? Integer.MAX_VALUE : chunk;
  }

  private EngineOptions options(int longest) {
    try {
      // Random ids meet the image token too, which costs what others cost.
      return model
          .engine(longest)
          .withMode(mode.mode())
          .withStepTokens(chunk)
          .withBoundedReplay(replay.on())
          .withPlainImageIds(true)
          .withWarmUp(!noWarmup);
    } catch (IllegalArgumentException e) {
      throw usage("--chunk: " + e.getMessage());
    }
  }

  private void measure(
      Model loaded,
      Engine engine,
      int depth,
      RandomTokens random,
      Interruption interruption,
      List<BenchResult> results) {
    try (Session base = engine.newSession()) {
      if (depth > 0) {
        fill(base, random.next(depth), "filling " + depth + " tokens", interruption);
      }
      for (int n : prompts) {
        if (n > 0) {
          results.add(test(loaded, base, true, random.next(n), interruption));
        }
      }
      for (int n : generations) {
        if (n > 0) {
          for (int together : sessions) {
            results.add(
                together == 1
                    ? test(loaded, base, false, random.next(n), interruption)
                    : together(engine, base, together, n, random, interruption));
          }
        }
      }
    }
  }

  /** Waits until kernels are compiled and weights packed, so that this is not measured. */
  private void warmUp(Engine engine, Interruption interruption) {
    if (noWarmup) {
      return;
    }
    int steps = 100;
    try (ProgressBar bar = progress.start(spec.commandLine().getErr(), "warming up", steps)) {
      int shown = 0;
      while (!engine.warmUp().await(Duration.ofMillis(50))) {
        interruption.check();
        int done = (int) (engine.warmUp().progress() * steps);
        bar.advance(done - shown);
        shown = done;
      }
      bar.advance(steps - shown);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void fill(Session session, int[] tokens, String label, Interruption interruption) {
    try (ProgressBar bar = progress.start(spec.commandLine().getErr(), label, tokens.length)) {
      Prefill.run(session, tokens, 0, promptPiece(), bar, interruption);
    }
  }

  private BenchResult test(
      Model loaded, Session base, boolean prompt, int[] tokens, Interruption interruption) {
    EngramMemory memory = loaded.engram();
    List<EngramCounters> lookups = new ArrayList<>();
    List<Long> nanos = new ArrayList<>();
    long bytes = 0;
    String label = (prompt ? "pp" : "tg") + tokens.length;
    int runs = repetitions + (noWarmup ? 0 : 1);
    try (ProgressBar bar =
        progress.start(
            spec.commandLine().getErr(), "measuring " + label, (long) runs * tokens.length)) {
      for (int run = 0; run < runs; run++) {
        try (Session session = base.fork()) {
          EngramCounters before = memory == null ? EngramCounters.NONE : memory.counters();
          long start = System.nanoTime();
          Prefill.run(session, tokens, 0, prompt ? promptPiece() : 1, bar, interruption);
          if (noWarmup || run > 0) {
            nanos.add(System.nanoTime() - start);
            if (memory != null) {
              lookups.add(memory.counters().minus(before));
            }
          }
          bytes = session.cacheBytes();
        }
      }
    }
    return new BenchResult(prompt, tokens.length, 1, base.length(), nanos, bytes, lookups);
  }

  /** Several sessions, one token each a step. */
  private BenchResult together(
      Engine engine, Session base, int count, int n, RandomTokens random, Interruption stop) {
    List<Long> nanos = new ArrayList<>();
    long bytes = 0;
    int[][] tokens = new int[count][];
    Arrays.setAll(tokens, i -> random.next(n));
    int runs = repetitions + (noWarmup ? 0 : 1);
    String label = "measuring tg" + n + " x" + count;
    try (ProgressBar bar =
        progress.start(spec.commandLine().getErr(), label, (long) runs * n * count)) {
      for (int run = 0; run < runs; run++) {
        List<Session> forks = new ArrayList<>();
        try {
          for (int i = 0; i < count; i++) {
            forks.add(base.fork());
          }
          long start = System.nanoTime();
          for (int k = 0; k < n; k++) {
            stop.check();
            List<Work> step = new ArrayList<>();
            for (int i = 0; i < count; i++) {
              step.add(new Work(forks.get(i), new int[] {tokens[i][k]}, false));
            }
            engine.run(step);
            bar.advance(count);
          }
          if (noWarmup || run > 0) {
            nanos.add(System.nanoTime() - start);
          }
          bytes = forks.getFirst().cacheBytes();
        } finally {
          forks.forEach(Session::close);
        }
      }
    }
    return new BenchResult(false, n, count, base.length(), nanos, bytes, List.of());
  }

  private BenchReport report(Model loaded, Engine engine, List<BenchResult> results) {
    ModelConfig config = loaded.config();
    return new BenchReport(
        String.valueOf(model.path().toAbsolutePath().normalize().getFileName()),
        config.family(),
        storedBytes(loaded.store()),
        ParameterCount.of(loaded.store(), config).total(),
        Kernels.get().name(),
        engine.options().threads(),
        mode.mode().name().toLowerCase(Locale.ROOT),
        engine.warmUp().state() == WarmUp.State.WARM,
        engine.plan().engramCache(),
        results);
  }

  /** Bytes of all weights, in memory or not. */
  private static long storedBytes(TensorStore store) {
    long bytes = 0;
    for (String name : store.names()) {
      StoredTensor tensor = store.find(name);
      bytes += tensor == null ? 0 : tensor.data().byteSize();
    }
    return bytes;
  }

  private void print(BenchReport report) {
    PrintWriter out = spec.commandLine().getOut();
    if (format != null && format.json) {
      out.println(report.json().toPrettyString());
    } else if (format != null && format.csv) {
      report.csv(out);
    } else {
      report.table(out);
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
