package io.hadal.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal corpus}: training text. */
@Command(
    name = "corpus",
    description = "Makes training text, and training tokens from it.",
    subcommands = {CorpusBuildCommand.class, CorpusEncodeCommand.class})
final class CorpusCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "which step, build or encode? See --help");
  }
}
