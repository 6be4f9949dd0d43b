package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.WarmUp;
import io.hadal.engine.capacity.Calibration;
import io.hadal.engine.capacity.CostTable;
import io.hadal.model.Model;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal capacity calibrate}: what steps cost. */
@Command(
    name = "calibrate",
    description = {
      "Measures how long steps of a model take on this machine, by prompt tokens, answers and"
          + " lengths of their timelines, and writes it to a file for 'hadal capacity plan'.",
      "Nothing else should run on the machine meanwhile."
    })
final class CapacityCalibrateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private ModeOption mode = ModeOption.fast();

  @Mixin private WarmUpOption warmUp = new WarmUpOption();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      required = true,
      description = "File to write, JSON.")
  private Path out = Path.of("");

  @Option(
      names = "--longest",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Longest timeline to measure, in tokens. Default: ${DEFAULT-VALUE}.")
  private int longest;

  @Option(
      names = "--answers",
      paramLabel = "N",
      defaultValue = "32",
      description = "Largest number of answers in a step. Default: ${DEFAULT-VALUE}.")
  private int answers;

  @Option(
      names = "--step-tokens",
      paramLabel = "N",
      description = "Most tokens of a step, model.step_tokens of the server. Default: 256.")
  private @Nullable Integer stepTokens;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "5",
      description = "Steps for each point, of which the median counts. Default: ${DEFAULT-VALUE}.")
  private int repeats;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (stepTokens != null && (stepTokens < 16 || stepTokens > 1 << 16)) {
      throw new ParameterException(spec.commandLine(), "--step-tokens from 16 to 65536");
    }
    if (longest < 64 || answers < 1 || repeats < 1 || repeats > 1000) {
      throw new ParameterException(
          spec.commandLine(), "--longest from 64, --answers from 1 and --repeats from 1 to 1000");
    }
    PrintWriter err = spec.commandLine().getErr();
    long start = System.nanoTime();
    try (Model loaded = model.load()) {
      int context = Math.min(longest, loaded.config().contextLength());
      EngineOptions options = model.engine(context).withMode(mode.mode()).withWarmUp(warmUp.on());
      if (stepTokens != null) {
        options = options.withStepTokens(stepTokens);
      }
      try (Engine engine = new Engine(loaded, options)) {
        while (engine.warmUp().state() == WarmUp.State.RUNNING) {
          Thread.sleep(50);
        }
        double ready = (System.nanoTime() - start) / 1e9;
        CostTable costs =
            new Calibration(
                    engine,
                    context,
                    answers,
                    repeats,
                    line -> {
                      err.println(line);
                      err.flush();
                    })
                .measure(
                    String.valueOf(model.path().getFileName()), CostTable.host(options), ready);
        Files.write(out, costs.json().toPrettyString().getBytes(StandardCharsets.UTF_8));
        spec.commandLine()
            .getOut()
            .printf("%s: steps are within %.1f %% of it%n", out, 100 * costs.residual());
        spec.commandLine().getOut().flush();
      }
    }
    return ExitCode.OK;
  }
}
