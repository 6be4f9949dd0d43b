package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.audit.AuditKey;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal audit public-key}: what an auditor needs to check signatures. */
@Command(
    name = "public-key",
    description = "Prints the public key of the audit log as PEM. Give it to whoever verifies.")
final class AuditPublicKeyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DatabaseOption data = new DatabaseOption();

  @Override
  public Integer call() {
    spec.commandLine().getOut().print(AuditKey.read(data.folder().auditKey()).pem());
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }
}
