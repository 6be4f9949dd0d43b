package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.FormatException;
import io.hadal.platform.audit.AuditFault;
import io.hadal.platform.audit.AuditKey;
import io.hadal.platform.audit.AuditReport;
import io.hadal.platform.audit.AuditVerifier;
import io.hadal.platform.db.Database;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal audit verify}: whether the log is as it was written. */
@Command(
    name = "verify",
    description = {
      "Recomputes all hashes and checks all signatures of an exported file, or of the database.",
      "A file needs nothing but the public key: no database and no network."
    })
final class AuditVerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "File of 'hadal audit export'. Without it the database is verified.")
  private @Nullable Path file;

  @Mixin private DatabaseOption data = new DatabaseOption();

  @Option(
      names = "--public-key",
      paramLabel = "FILE",
      description =
          "Public key as PEM, more than once for several nodes. Default: that of audit.key in the"
              + " folder.")
  private List<Path> publicKeys = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    AuditVerifier verifier = new AuditVerifier(keys());
    Path export = file;
    AuditReport report;
    if (export != null) {
      report = verifier.file(export);
    } else {
      try (Database database = data.open(false)) {
        report = verifier.database(database, data.folder().auditCheckpoints());
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "%s: %s, %d chains, %d events, %d checkpoints%n",
        export == null ? data.folder().path() : export,
        report.ok() ? "ok" : "DAMAGED",
        report.chains(),
        report.events(),
        report.checkpoints());
    for (AuditFault fault : report.faults()) {
      out.println("  " + fault);
    }
    if (export == null && report.unsigned() > 0) {
      out.printf("  %d events are newer than the last checkpoint%n", report.unsigned());
    }
    out.flush();
    return report.ok() ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }

  private List<AuditKey> keys() {
    if (!publicKeys.isEmpty()) {
      return publicKeys.stream().map(AuditKey::read).toList();
    }
    if (!Files.exists(data.folder().auditKey())) {
      throw new FormatException(
          "--public-key",
          "is needed: "
              + data.folder().auditKey()
              + " does not exist; see 'hadal audit public-key'");
    }
    return List.of(AuditKey.read(data.folder().auditKey()));
  }
}
