package io.hadal.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal capacity}: how much a machine can serve. */
@Command(
    name = "capacity",
    description = {
      "Measures what a model costs on this machine, and simulates the scheduler with these costs to"
          + " say how much it can serve."
    },
    subcommands = {
      CapacityCalibrateCommand.class,
      CapacityPlanCommand.class,
      CapacityShowCommand.class
    })
final class CapacityCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command? See --help");
  }
}
