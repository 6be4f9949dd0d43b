package io.hadal.cli.platform;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal admin}: the local administrator. */
@Command(
    name = "admin",
    description = "Helps administrators who cannot get in.",
    subcommands = AdminResetPasswordCommand.class)
public final class AdminCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command? See --help");
  }
}
