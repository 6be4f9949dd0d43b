package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditExport;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.audit.SigningKey;
import io.hadal.platform.db.Database;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal audit export}: the log as a file that verifies by itself. */
@Command(
    name = "export",
    description = {
      "Writes the audit log as JSON lines, which 'hadal audit verify FILE' verifies offline.",
      "The export itself becomes an event of the log."
    })
final class AuditExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "FILE", description = "Where to write.")
  private Path file = Path.of("");

  @Mixin private DatabaseOption data = new DatabaseOption();

  @Option(
      names = "--chain",
      paramLabel = "NAME",
      description =
          "Id of an organisation, or 'system'; more than once for several. Default: all chains.")
  private List<String> chains = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    SigningKey key = SigningKey.read(data.folder().auditKey());
    long events;
    try (Database database = data.open(false)) {
      AuditLog log = new AuditLog(database, Clock.systemUTC());
      log.append(
          new AuditEntry(
              null,
              "command-line",
              System.getProperty("user.name"),
              null,
              "audit.export",
              "audit",
              null,
              null,
              null));
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
        events =
            new AuditExport(database, key, Clock.systemUTC())
                .write(chains.isEmpty() ? log.chains() : chains, out);
      }
    }
    spec.commandLine().getOut().printf("%s: %d events%n", file, events);
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }
}
