package io.hadal.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal config}: configuration files of {@code hadal serve}. */
@Command(
    name = "config",
    description = "Looks configuration files of 'hadal serve' through.",
    subcommands = {ConfigCheckCommand.class, ConfigSchemaCommand.class})
final class ConfigCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command? See --help");
  }
}
