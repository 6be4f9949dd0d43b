package io.hadal.cli;

import io.hadal.train.corpus.Corpus;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --corpus}. */
final class CorpusOption {
  @Option(
      names = "--corpus",
      required = true,
      paramLabel = "FOLDER",
      description = "What `hadal corpus build` has made.")
  private Path folder = Path.of("");

  /**
   * The corpus.
   *
   * @throws io.hadal.formats.FormatException when the folder holds none
   */
  Corpus open() throws IOException {
    return Corpus.open(folder);
  }
}
