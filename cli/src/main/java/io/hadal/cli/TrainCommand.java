package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.formats.Json;
import io.hadal.kernels.GemmPrecision;
import io.hadal.train.Budget;
import io.hadal.train.EncodedData;
import io.hadal.train.Preset;
import io.hadal.train.TrainConfig;
import io.hadal.train.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** {@code hadal train}: trains a model from encoded text. */
@Command(
    name = "train",
    description = {
      "Trains a small model from scratch on what `hadal corpus encode` has made.",
      "The folder holds the model, ready to be run, and under training/ the checkpoint and a log in"
          + " JSON lines. Ctrl-C saves a checkpoint; --resume goes on from the last one. The same"
          + " settings and data give the same model, however many threads and pauses."
    })
final class TrainCommand implements Callable<Integer> {
  private static final long MAX_CONFIG = 1 << 20;
  private static final int DRAFT_BLOCK = 4;
  private static final long SAVING_SECONDS = 120;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Option(
      names = "--data",
      required = true,
      paramLabel = "FOLDER",
      description = "What `hadal corpus encode` has made.")
  private Path folder = Path.of("");

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FOLDER",
      description = "Where the model goes.")
  private @Nullable Path out;

  @ArgGroup private @Nullable Shape shape;

  @ArgGroup private @Nullable Length length;

  @Option(
      names = "--drafter",
      description =
          "Train a block drafter along, for --speculate; it changes nothing in the model's"
              + " predictions.")
  private boolean drafter;

  @Option(
      names = "--completion-head",
      description = "A residual head of its own for filling in the middle.")
  private boolean completionHead;

  @Option(
      names = "--gemm",
      paramLabel = "PRECISION",
      description =
          "Precision of the large matrix products: f32 (default), or bf16, which is faster, needs"
              + " native kernels and a processor with AMX, and gives other weights. The run keeps"
              + " it.")
  private @Nullable String gemm;

  @Option(names = "--threads", paramLabel = "N", description = "Threads (default: all processors).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--pause-at",
      paramLabel = "STEP",
      description = "Save and end behind this step, as Ctrl-C would; the length stays the same.")
  private long pauseAt = Long.MAX_VALUE;

  @Option(names = "--resume", description = "Go on from the last checkpoint in the folder.")
  private boolean resume;

  @Option(
      names = "--print-config",
      description = "Print the configuration as JSON, for --config, and train nothing.")
  private boolean printConfig;

  /** What is trained. */
  static final class Shape {
    @Option(
        names = "--preset",
        paramLabel = "NAME",
        description = "Size: micro, tiny, nano (default) or small.")
    private @Nullable String preset;

    @Option(
        names = "--depth",
        paramLabel = "N",
        description = "Size by the number of layers; everything else follows.")
    private @Nullable Integer depth;

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description = "A configuration as --print-config prints it.")
    private @Nullable Path config;
  }

  /** How long. */
  static final class Length {
    @Option(names = "--steps", paramLabel = "N", description = "Optimiser steps in all.")
    private @Nullable Long steps;

    @Option(
        names = "--tokens",
        paramLabel = "N",
        description = "Training tokens in all (default: all there are, once).")
    private @Nullable Long tokens;

    @Option(
        names = "--minutes",
        paramLabel = "N",
        description = "Minutes of work in all; the result then depends on the machine.")
    private @Nullable Double minutes;
  }

  @Override
  public Integer call() throws IOException {
    if (threads < 1 || threads > 1024) {
      throw usage("--threads must be 1..1024");
    }
    try (EncodedData data = EncodedData.open(folder)) {
      if (printConfig) {
        PrintWriter stdout = spec.commandLine().getOut();
        stdout.println(config(data).toJson().toPrettyString());
        stdout.flush();
        return ExitCode.OK;
      }
      if (out == null) {
        throw usage("--out is missing");
      }
      Budget budget = budget(data);
      try (Interruption interruption = Interruption.listen(SAVING_SECONDS);
          Trainer trainer = open(data, out)) {
        boolean done =
            trainer.run(
                budget,
                () -> interruption.requested() || trainer.step() >= pauseAt,
                new Reporter(trainer));
        return done || trainer.step() >= pauseAt ? ExitCode.OK : ExitCode.INTERRUPTED;
      }
    }
  }

  private Trainer open(EncodedData data, Path target) throws IOException {
    try {
      if (!resume) {
        return Trainer.start(config(data), data.data(), target, threads);
      }
      if (shape != null || drafter || completionHead || gemm != null) {
        throw usage(
            "--resume keeps the configuration of the run; leave out size, --gemm and --config");
      }
      return Trainer.resume(data.data(), target, threads);
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  private TrainConfig config(EncodedData data) {
    if (shape != null && shape.config != null) {
      if (drafter || completionHead || gemm != null) {
        throw usage("--drafter, --completion-head and --gemm add to a size; --config says it all");
      }
      Path file = shape.config;
      return TrainConfig.parse(Json.parse(file, MAX_CONFIG), file.toString());
    }
    ObjectNode model = data.model(depth());
    if (drafter) {
      data.addDrafter(model, DRAFT_BLOCK);
    }
    if (completionHead) {
      data.addCompletionHead(model);
    }
    return TrainConfig.of(model, precision());
  }

  private GemmPrecision precision() {
    for (GemmPrecision p : GemmPrecision.values()) {
      if (gemm == null || gemm.equals(p.label())) {
        return p;
      }
    }
    throw usage("--gemm must be f32 or bf16, not " + gemm);
  }

  private int depth() {
    if (shape != null && shape.depth != null) {
      if (shape.depth < 2 || shape.depth > Preset.MAX_DEPTH) {
        throw usage("--depth must be 2.." + Preset.MAX_DEPTH);
      }
      return shape.depth;
    }
    String name = shape == null || shape.preset == null ? "nano" : shape.preset;
    for (Preset preset : Preset.values()) {
      if (preset.name().toLowerCase(Locale.ROOT).equals(name)) {
        return preset.depth();
      }
    }
    throw usage("--preset: there is no " + name + "; micro, tiny, nano, small");
  }

  private Budget budget(EncodedData data) {
    if (length == null) {
      return new Budget.Tokens(data.data().training().tokens());
    }
    if (length.steps != null) {
      return new Budget.Steps(positive("--steps", length.steps));
    }
    if (length.minutes != null) {
      if (!(length.minutes > 0 && length.minutes < 1e7)) {
        throw usage("--minutes must be above 0");
      }
      return new Budget.Minutes(length.minutes);
    }
    return new Budget.Tokens(
        positive("--tokens", length.tokens == null ? Long.valueOf(0) : length.tokens));
  }

  private long positive(String name, Long value) {
    if (value < 1) {
      throw usage(name + " must be above 0");
    }
    return value;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** A line every few seconds, and one for each evaluation. */
  private final class Reporter extends StepPrinter {
    Reporter(Trainer trainer) {
      super(spec.commandLine().getErr(), progress.quiet());
      print(
          "%s at step %d, %.1f M parameters"
              .formatted(
                  resume ? "resuming" : "starting",
                  trainer.step(),
                  trainer.parameters().count() / 1e6));
    }

    @Override
    public void evaluated(long step, Map<String, Double> bitsPerByte) {
      StringBuilder line = new StringBuilder("step " + step + "  evaluation, bits/byte:");
      bitsPerByte.forEach(
          (name, v) -> line.append(String.format(Locale.ROOT, "  %s %.4f", name, v)));
      print(line.toString());
    }
  }
}
