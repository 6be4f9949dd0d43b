package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.OwnerOnly;
import io.hadal.platform.DataFolder;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.db.Database;
import io.hadal.platform.privacy.DataKeys;
import io.hadal.platform.privacy.MasterKey;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hadal admin rotate-master-key}: another key around data keys. */
@Command(
    name = "rotate-master-key",
    description = {
      "Wraps all data keys with a new master key. Stop the servers first.",
      "Without options the key is the file master.key of the data folder: a new one takes its"
          + " place, and the old one goes to master.key.previous, which backups made before need.",
      "With --from and --to both keys are yours: env:NAME, file:PATH or kms:PROVIDER:NAME; afterwards"
          + " platform.master_key must name the new one."
    })
final class AdminRotateMasterKeyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DatabaseOption where = new DatabaseOption();

  @Option(names = "--from", paramLabel = "REF", description = "The key until now.")
  private @Nullable String from;

  @Option(names = "--to", paramLabel = "REF", description = "The key from now on.")
  private @Nullable String to;

  @Override
  public Integer call() throws IOException {
    int keys;
    try (Database database = where.open(false)) {
      if (from == null && to == null) {
        keys = ownFile(database);
      } else if (from != null && to != null) {
        keys =
            rewrap(
                database,
                MasterKey.resolve(from, System.getenv()),
                MasterKey.resolve(to, System.getenv()));
      } else {
        throw new FormatException("--from", "and --to need each other");
      }
    }
    spec.commandLine().getOut().println(keys + " data keys have the new master key");
    spec.commandLine().getOut().flush();
    return ExitCode.OK;
  }

  private static int rewrap(Database database, MasterKey old, MasterKey next) {
    Clock clock = Clock.systemUTC();
    return new DataKeys(database, next, List.of(old), new AuditLog(database, clock), clock)
        .rewrap();
  }

  /**
   * A run that was cut short goes on where it was: the new key is in its file before it is used.
   */
  private int ownFile(Database database) throws IOException {
    DataFolder folder = where.folder();
    if (!Files.exists(folder.masterKey())) {
      throw new FormatException(folder.masterKey().toString(), "there is no such file");
    }
    MasterKey old = MasterKey.open(folder.masterKey());
    MasterKey next = MasterKey.open(folder.nextMasterKey());
    int keys = rewrap(database, old, next);
    AtomicFiles.write(
        folder.previousMasterKey(), Files.readAllBytes(folder.masterKey()), OwnerOnly.file());
    AtomicFiles.publish(folder.nextMasterKey(), folder.masterKey());
    return keys;
  }
}
