package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.train.corpus.Corpus;
import io.hadal.train.corpus.CorpusEncoder;
import io.hadal.train.corpus.EncodingOptions;
import io.hadal.train.corpus.Language;
import io.hadal.train.corpus.MixFile;
import io.hadal.train.corpus.task.SyntheticTasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal corpus encode}: text to token ids on disk. */
@Command(
    name = "encode",
    description = {
      "Writes a corpus as token ids for training, part of the training files in fill-in-the-middle"
          + " form. Validation and test text stays as it is.",
      "The same corpus, tokenizer and settings give the same bytes. A run that was interrupted goes"
          + " on where it stopped."
    })
final class CorpusEncodeCommand implements Callable<Integer> {
  private static final EncodingOptions DEFAULTS = EncodingOptions.defaults();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Mixin private CorpusOption corpus = new CorpusOption();

  @Option(
      names = "--tokenizer",
      required = true,
      paramLabel = "FILE",
      description = "A tokenizer.json, or a folder that holds one.")
  private Path tokenizer = Path.of("");

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FOLDER",
      description = "Where the tokens go.")
  private Path out = Path.of("");

  @Option(
      names = "--fim-rate",
      paramLabel = "SHARE",
      description = "Share of training files in fill-in form (default: ${DEFAULT-VALUE}).")
  private double fimRate = DEFAULTS.fimRate();

  @Option(
      names = "--spm",
      paramLabel = "SHARE",
      description = "Share of those with the suffix first (default: ${DEFAULT-VALUE}).")
  private double spm = DEFAULTS.spmShare();

  @Option(
      names = "--short-holes",
      paramLabel = "SHARE",
      description = "Share of holes of at most 80 characters (default: ${DEFAULT-VALUE}).")
  private double shortHoles = DEFAULTS.shortShare();

  @Option(
      names = "--fim-window",
      paramLabel = "CHARS",
      description = "Length of the pieces with one hole each (default: ${DEFAULT-VALUE}).")
  private int fimWindow = DEFAULTS.fimWindow();

  @Option(
      names = "--names",
      paramLabel = "SHARE",
      description =
          "Share of training files with project and path in front (default: ${DEFAULT-VALUE}).")
  private double names = DEFAULTS.nameRate();

  @Option(
      names = "--mix",
      split = ",",
      paramLabel = "LANGUAGE=TIMES",
      description = "How often files of a language are repeated, such as java=1,python=4.")
  private Map<String, Double> mix = new LinkedHashMap<>();

  @Option(
      names = "--mix-config",
      paramLabel = "FILE",
      description = {
        "JSON with the shares of code, docs, synthetic (exercises made from code) and project"
            + " (files behind what they import) in the training tokens, and any of the settings"
            + " here. Options given beside it win.",
        "{} is half code, a fifth docs, the rest in equal parts."
      })
  private @Nullable Path mixConfig;

  @Option(names = "--seed", paramLabel = "N", description = "Of all choices (default: 1).")
  private long seed = DEFAULTS.seed();

  @Option(names = "--threads", paramLabel = "N", description = "Threads (default: all processors).")
  private int threads = DEFAULTS.threads();

  @Override
  public Integer call() throws IOException, InterruptedException {
    EncodingOptions options = options();
    MixFile mixFile = mixConfig == null ? null : MixFile.read(mixConfig, DEFAULTS);
    if (mixFile != null) {
      options = merged(mixFile.options(), options);
    }
    Path json = Files.isDirectory(tokenizer) ? tokenizer.resolve("tokenizer.json") : tokenizer;
    if (!Files.exists(json)) {
      throw new NoSuchFileException(json.toString());
    }
    String report;
    try (StageProgress stages = new StageProgress(spec.commandLine().getErr(), progress)) {
      Corpus source = corpus.open();
      report =
          mixFile == null
              ? CorpusEncoder.encode(source, json, out, options, stages)
              : CorpusEncoder.encode(
                  source,
                  json,
                  out,
                  options,
                  mixFile.mix(),
                  new SyntheticTasks(options.seed()),
                  stages);
    }
    spec.commandLine().getOut().print(report);
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }

  private EncodingOptions options() {
    Map<Language, Double> repeats = new EnumMap<>(Language.class);
    mix.forEach(
        (label, times) -> {
          Language language = Language.labelled(label);
          if (language == null) {
            throw usage("--mix: '" + label + "' is not java, python or javascript");
          }
          repeats.put(language, times);
        });
    try {
      return new EncodingOptions(
          fimRate, spm, shortHoles, fimWindow, names, repeats, seed, threads);
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  /** The settings of a file, but for the options that were given. */
  private EncodingOptions merged(EncodingOptions file, EncodingOptions given) {
    return new EncodingOptions(
        has("--fim-rate") ? given.fimRate() : file.fimRate(),
        has("--spm") ? given.spmShare() : file.spmShare(),
        has("--short-holes") ? given.shortShare() : file.shortShare(),
        has("--fim-window") ? given.fimWindow() : file.fimWindow(),
        has("--names") ? given.nameRate() : file.nameRate(),
        has("--mix") ? given.mix() : file.mix(),
        has("--seed") ? given.seed() : file.seed(),
        given.threads());
  }

  private boolean has(String option) {
    return spec.commandLine().getParseResult().hasMatchedOption(option);
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
