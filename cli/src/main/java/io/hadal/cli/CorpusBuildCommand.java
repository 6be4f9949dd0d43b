package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.train.corpus.CorpusBuilder;
import io.hadal.train.corpus.CorpusOptions;
import io.hadal.train.corpus.SourceList;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal corpus build}: source jars to cleaned text. */
@Command(
    name = "build",
    description = {
      "Gets source jars through the installed Maven, keeps those with a permissive licence, cleans"
          + " their files, removes duplicates and what evaluations ask for, and splits by project.",
      "A build that was interrupted goes on where it stopped; nothing is fetched twice."
    })
final class CorpusBuildCommand implements Callable<Integer> {
  private static final CorpusOptions DEFAULTS = CorpusOptions.defaults();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FOLDER",
      description = "Where the corpus lies.")
  private Path out = Path.of("");

  @Option(
      names = "--sources",
      paramLabel = "FILE",
      description =
          "List of artifacts: lines of split (train, valid, test), project, group:artifact:version."
              + " Default: the list that comes with Hadal.")
  private @Nullable Path sources;

  @Option(
      names = "--benchmarks",
      paramLabel = "FOLDER",
      description = "Evaluation sets (*.jsonl.gz, *.json.gz) to keep out of the text.")
  private @Nullable Path benchmarks;

  @Option(
      names = "--max-file",
      paramLabel = "BYTES",
      description = "Largest source file (default: ${DEFAULT-VALUE}).")
  private int maxFile = DEFAULTS.maxFileBytes();

  @Option(
      names = "--duplicates",
      paramLabel = "S",
      description = "Similarity from which on files are duplicates (default: ${DEFAULT-VALUE}).")
  private double duplicates = DEFAULTS.duplicateThreshold();

  @Option(
      names = "--infile",
      paramLabel = "SHARE",
      description =
          "Share of the training projects' files to hold out (default: ${DEFAULT-VALUE}).")
  private double infile = DEFAULTS.infileShare();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Chooses the held-out files (default: ${DEFAULT-VALUE}).")
  private long seed = DEFAULTS.seed();

  @Option(
      names = "--maven",
      paramLabel = "COMMAND",
      description = "Maven to use (default: ${DEFAULT-VALUE}).")
  private String maven = DEFAULTS.maven();

  @Option(names = "--offline", description = "Let Maven use its local repository only.")
  private boolean offline;

  @Option(names = "--threads", paramLabel = "N", description = "Threads (default: all processors).")
  private int threads = DEFAULTS.threads();

  @Override
  public Integer call() throws IOException, InterruptedException {
    CorpusOptions options = options();
    SourceList list = sources == null ? SourceList.bundled() : SourceList.read(sources);
    PrintWriter stdout = spec.commandLine().getOut();
    try (StageProgress stages = new StageProgress(spec.commandLine().getErr(), progress)) {
      String report = CorpusBuilder.build(list, options, out, stages);
      stdout.print(report);
    }
    stdout.flush();
    return ExitCode.OK;
  }

  private CorpusOptions options() {
    try {
      return new CorpusOptions(
          maxFile, duplicates, infile, seed, benchmarks, maven, offline, threads);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }
}
