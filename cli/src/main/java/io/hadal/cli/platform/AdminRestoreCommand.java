package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.DataFolder;
import io.hadal.platform.backup.Backup;
import io.hadal.platform.backup.BackupManifest;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.ledger.Verification;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal admin restore}: a data folder out of a backup. */
@Command(
    name = "restore",
    description = {
      "Makes a data folder out of a backup, after checking all of its hashes, and recomputes the"
          + " books.",
      "Nothing is overwritten: --data must name a folder that is not there or empty. What the"
          + " journal holds is booked at the next start of the server.",
      "Exit code 1 when the books have a fault."
    })
final class AdminRestoreCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DataOption where = new DataOption();

  @Parameters(paramLabel = "DIR", description = "Folder of the backup.")
  private Path source = Path.of("");

  @Override
  public Integer call() throws IOException {
    DataFolder folder = where.folder();
    BackupManifest manifest = Backup.restore(source, folder);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "%d files of %s in %s%n", manifest.files().size(), manifest.createdAt(), folder.path());
    Path file = folder.database();
    boolean ok = true;
    if (Files.exists(file)) {
      try (Database database = Database.open(DatabaseOptions.file(file))) {
        Verification found = new LedgerVerifier(database).verify();
        ok = found.ok();
        out.println(
            ok
                ? "the books are right: " + found.transactions() + " transactions"
                : "FAULT in the books: " + found.fault());
      }
    }
    out.flush();
    return ok ? ExitCode.OK : ExitCode.CHECK_FAILED;
  }
}
