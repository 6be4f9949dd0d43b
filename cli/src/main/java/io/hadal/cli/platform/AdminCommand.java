package io.hadal.cli.platform;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal admin}: what needs the machine itself. */
@Command(
    name = "admin",
    description =
        "Looks after the local administrator, the pepper of keys, the master key, and backups.",
    subcommands = {
      AdminResetPasswordCommand.class,
      AdminRotatePepperCommand.class,
      AdminRotateMasterKeyCommand.class,
      AdminBackupCommand.class,
      AdminRestoreCommand.class
    })
public final class AdminCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command? See --help");
  }
}
