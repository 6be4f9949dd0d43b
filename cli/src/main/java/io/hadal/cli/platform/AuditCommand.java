package io.hadal.cli.platform;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal audit}: the log of what was administered. */
@Command(
    name = "audit",
    description = "Verifies and exports the audit log.",
    subcommands = {AuditVerifyCommand.class, AuditExportCommand.class, AuditPublicKeyCommand.class})
public final class AuditCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command? See --help");
  }
}
