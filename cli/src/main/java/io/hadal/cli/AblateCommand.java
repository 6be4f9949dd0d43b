package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.formats.FormatException;
import io.hadal.train.DocumentScores;
import io.hadal.train.EncodedData;
import io.hadal.train.TrainListener;
import io.hadal.train.ablation.Ablation;
import io.hadal.train.ablation.AblationListener;
import io.hadal.train.ablation.AblationPlan;
import io.hadal.train.ablation.RunResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal ablate}: compares variants of a model that are trained alike. */
@Command(
    name = "ablate",
    description = {
      "Trains variants of a small model on the same text and compares them on held-out text.",
      "Without --arms the variants are those that come with Hadal: forms of the n-gram memory,"
          + " numbers of residual streams, experts against a dense feed-forward. Runs are kept in"
          + " FOLDER/ARM-SEED: started again, the command goes on where it was stopped. The tables"
          + " FOLDER/results.md and results.json are written after every run."
    })
final class AblateCommand implements Callable<Integer> {
  private static final long MAX_ARMS = 1 << 20;
  private static final long SAVING_SECONDS = 120;
  private static final double NANOS = 1e9;
  private static final double REPORT_SECONDS = 10;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Option(
      names = "--data",
      paramLabel = "FOLDER",
      description = "What `hadal corpus encode` has made.")
  private @Nullable Path folder;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FOLDER",
      description = "Where runs and tables go.")
  private @Nullable Path out;

  @Option(names = "--arms", paramLabel = "FILE", description = "The variants, as JSON.")
  private @Nullable Path arms;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Training tokens of each run (default: ${DEFAULT-VALUE}).")
  private long tokens = 4_000_000;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      split = ",",
      description = "Seeds of each variant (default: 1,2,3).")
  private List<Long> seeds = List.of(1L, 2L, 3L);

  @Option(
      names = "--only",
      paramLabel = "ARM",
      split = ",",
      description = "Run these variants only; the tables show what is there of the others.")
  private List<String> only = List.of();

  @Option(names = "--threads", paramLabel = "N", description = "Threads (default: all processors).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--keep", description = "Keep models and checkpoints of finished runs.")
  private boolean keep;

  @Option(
      names = "--print-arms",
      description = "Print the variants that come with Hadal, for --arms, and run nothing.")
  private boolean printArms;

  @Override
  public Integer call() throws IOException {
    if (printArms) {
      PrintWriter stdout = spec.commandLine().getOut();
      stdout.print(new String(AblationPlan.standard(), StandardCharsets.UTF_8));
      stdout.flush();
      return ExitCode.OK;
    }
    if (folder == null || out == null) {
      throw usage((folder == null ? "--data" : "--out") + " is missing");
    }
    if (threads < 1 || threads > 1024) {
      throw usage("--threads must be 1..1024");
    }
    if (tokens < 1) {
      throw usage("--tokens must be above 0");
    }
    if (seeds.isEmpty()) {
      throw usage("--seeds needs a seed");
    }
    List<Long> distinct = List.copyOf(new LinkedHashSet<>(seeds));
    try (EncodedData data = EncodedData.open(folder)) {
      AblationPlan plan = plan(data);
      plan.require(only, "--only");
      Ablation ablation =
          new Ablation(
              plan,
              new Ablation.Options(tokens, distinct, only, threads, keep),
              data.data(),
              data.identity(),
              out);
      try (Interruption interruption = Interruption.listen(SAVING_SECONDS)) {
        boolean done = ablation.run(interruption::requested, new Reporter());
        print(done ? "done: " + out.resolve("results.md") : "stopped; the same command goes on");
        return done ? ExitCode.OK : ExitCode.INTERRUPTED;
      }
    }
  }

  private AblationPlan plan(EncodedData data) throws IOException {
    if (arms == null) {
      return AblationPlan.parse(AblationPlan.standard(), "default arms", data.vocabulary());
    }
    if (Files.size(arms) > MAX_ARMS) {
      throw new FormatException(arms.toString(), "is larger than " + MAX_ARMS + " bytes");
    }
    return AblationPlan.parse(Files.readAllBytes(arms), arms.toString(), data.vocabulary());
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private void print(String line) {
    if (!progress.quiet()) {
      PrintWriter err = spec.commandLine().getErr();
      err.println(line);
      err.flush();
    }
  }

  /** A line for each run and every few seconds in it. */
  private final class Reporter implements AblationListener {
    @Override
    public TrainListener started(Run run, long step) {
      String title = title(run);
      print(title + (step == 0 ? "begins" : "goes on at step " + step));
      return new TrainListener() {
        private long last = System.nanoTime();

        @Override
        public void stepped(Step s) {
          long now = System.nanoTime();
          if ((now - last) / NANOS >= REPORT_SECONDS) {
            last = now;
            print(
                String.format(
                    Locale.ROOT,
                    "%s%4.1f %%  %.4f bits/byte  %.0f tokens/s  %.0f s left",
                    title,
                    100 * s.progress(),
                    s.bitsPerByte(),
                    s.tokensPerSecond(),
                    s.secondsLeft()));
          }
        }
      };
    }

    @Override
    public void discarded(Run run) {
      print(title(run) + "was made with other settings and starts again");
    }

    @Override
    public void finished(Run run, RunResult result) {
      StringBuilder line = new StringBuilder(title(run)).append("finished, bits/byte:");
      result
          .scores()
          .forEach(
              (String name, DocumentScores scores) ->
                  line.append(String.format(Locale.ROOT, "  %s %.4f", name, scores.bitsPerByte())));
      print(result.failure() == null ? line.toString() : title(run) + result.failure());
    }

    private String title(Run run) {
      return "%s (%d of %d)  ".formatted(run.name(), run.number(), run.count());
    }
  }
}
