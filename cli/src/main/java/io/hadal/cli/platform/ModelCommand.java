package io.hadal.cli.platform;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal model}: models, their versions and names. */
@Command(
    name = "model",
    description = {
      "Models by version and name: adds them, finds out what they can do, and says which name"
          + " means which version.",
      "A version is FAMILY@DATE and never changes once it is active."
    },
    subcommands = {
      ModelAddCommand.class,
      ModelProbeCommand.class,
      ModelListCommand.class,
      ModelShowCommand.class,
      ModelActivateCommand.class,
      ModelDeprecateCommand.class,
      ModelRetireCommand.class,
      ModelAliasCommand.class,
      ModelUpgradeReportCommand.class,
      ModelQualityCommand.class
    })
public final class ModelCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command? See --help");
  }
}
