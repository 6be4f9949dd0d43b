package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.backup.Backup;
import io.hadal.platform.backup.BackupManifest;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal admin backup}: a copy of the data folder. */
@Command(
    name = "backup",
    description = {
      "Copies database, journal and keys of the data folder, also while a server uses it, with a"
          + " manifest of hashes.",
      "The copy holds secrets. Keys that the configuration keeps elsewhere are not in it. A database"
          + " of PostgreSQL is not either: run pg_dump after this."
    })
final class AdminBackupCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DataOption where = new DataOption();

  @Parameters(paramLabel = "DIR", description = "Folder of the backup: not there yet, or empty.")
  private Path target = Path.of("");

  @Override
  public Integer call() {
    BackupManifest made = Backup.create(where.folder(), target, Clock.systemUTC());
    PrintWriter out = spec.commandLine().getOut();
    long bytes = made.files().stream().mapToLong(BackupManifest.Entry::bytes).sum();
    out.printf("%d files, %d bytes in %s; keep it secret%n", made.files().size(), bytes, target);
    if (made.files().stream().noneMatch(file -> file.name().equals("hadal.db"))) {
      out.println("the folder has no database: dump that of PostgreSQL now, with pg_dump");
    }
    out.flush();
    return ExitCode.OK;
  }
}
