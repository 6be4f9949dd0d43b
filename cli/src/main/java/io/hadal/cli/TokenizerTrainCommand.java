package io.hadal.cli;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.train.tokenizer.TokenizerTraining;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code hadal tokenizer train}: a vocabulary from a corpus. */
@Command(
    name = "train",
    description =
        "Trains a byte-level BPE vocabulary on the training split of a corpus, with the tokens of"
            + " the V4 prompt formats. The same corpus and settings give the same file.")
final class TokenizerTrainCommand implements Callable<Integer> {
  private static final TokenizerTraining DEFAULTS = TokenizerTraining.defaults();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Mixin private CorpusOption corpus = new CorpusOption();

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "FOLDER",
      description = "Gets tokenizer.json and tokenizer_config.json.")
  private Path out = Path.of("");

  @Option(
      names = "--vocab-size",
      paramLabel = "N",
      description = "Number of ids, added tokens included (default: ${DEFAULT-VALUE}).")
  private int vocabularySize = DEFAULTS.vocabularySize();

  @Option(
      names = "--sample",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "Text to look at, chosen evenly (default: ${DEFAULT-VALUE}).")
  private Long sample = DEFAULTS.sampleBytes();

  @Option(
      names = "--max-token",
      paramLabel = "BYTES",
      description = "Longest token (default: ${DEFAULT-VALUE}).")
  private int maxToken = DEFAULTS.maxTokenBytes();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Chooses the sample (default: ${DEFAULT-VALUE}).")
  private long seed = DEFAULTS.seed();

  @Option(names = "--threads", paramLabel = "N", description = "Threads (default: all processors).")
  private int threads = DEFAULTS.threads();

  @Override
  public Integer call() throws IOException, InterruptedException {
    TokenizerTraining training = training();
    TokenizerTraining.Result result;
    try (StageProgress stages = new StageProgress(spec.commandLine().getErr(), progress)) {
      result = training.run(corpus.open(), out, stages);
    }
    PrintWriter stdout = spec.commandLine().getOut();
    stdout.printf(
        Locale.ROOT,
        "%s: %d tokens from %.1f MB in %d files (%d different pieces)%n",
        out.resolve("tokenizer.json"),
        result.vocabularySize(),
        result.sampleBytes() / 1e6,
        result.documents(),
        result.pieces());
    stdout.flush();
    return ExitCode.OK;
  }

  private TokenizerTraining training() {
    try {
      return new TokenizerTraining(vocabularySize, sample, maxToken, seed, threads);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }
}
