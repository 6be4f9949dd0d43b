package io.hadal.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal completion}: the completion script of the whole command tree. */
@Command(
    name = "completion",
    description = {
      "Prints the completion script for bash and zsh.",
      "Load it with: source <(hadal completion)"
    })
final class CompletionCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    spec.commandLine().getOut().print(AutoComplete.bash("hadal", spec.root().commandLine()));
  }
}
