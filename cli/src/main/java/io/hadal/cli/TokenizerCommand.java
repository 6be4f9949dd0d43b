package io.hadal.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal tokenizer}: vocabularies. */
@Command(
    name = "tokenizer",
    description = "Makes tokenizers. To use one, see tokenize.",
    subcommands = TokenizerTrainCommand.class)
final class TokenizerCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "which step? There is train; see --help");
  }
}
