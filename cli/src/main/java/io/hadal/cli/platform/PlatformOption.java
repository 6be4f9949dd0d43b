package io.hadal.cli.platform;

import io.hadal.formats.FormatException;
import io.hadal.platform.DataFolder;
import io.hadal.platform.SecretText;
import io.hadal.platform.db.Database;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.Pepper;
import io.hadal.platform.signin.BreakGlass;
import io.hadal.platform.signin.PasswordHash;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where the data of the platform is. */
final class PlatformOption {
  @Mixin private DatabaseOption where = new DatabaseOption();

  @Option(
      names = "--pepper",
      paramLabel = "REF",
      description =
          "The pepper of keys, env:NAME, file:PATH or kms:PROVIDER:NAME, as platform.pepper of the"
              + " servers. Default: pepper in the data folder.")
  private @Nullable String reference;

  /** The folder, made if it is not there. */
  DataFolder folder() {
    return where.folder().create();
  }

  /** The open platform; a first start is told to the one at the screen. */
  Opened open(PrintWriter err) {
    return open(err, true);
  }

  /**
   * The platform of servers that have run.
   *
   * @throws FormatException when there is none, as by a slip in the name of the folder
   */
  Opened existing(PrintWriter err) {
    return open(err, false);
  }

  private Opened open(PrintWriter err, boolean make) {
    Clock clock = Clock.systemUTC();
    Database database = where.open(make);
    DataFolder folder = folder();
    KeyStore.requirePepper(database, reference, folder.pepper());
    if (reference == null && !Files.exists(folder.pepper()) && hasTenants(database)) {
      database.close();
      // A pepper made here would give keys that no server takes.
      throw new FormatException(
          folder.pepper().toString(),
          "no such file, and servers use this database already; say where their pepper is with"
              + " --pepper env:NAME, file:PATH or kms:PROVIDER:NAME, or their data folder with"
              + " --data");
    }
    Pepper pepper =
        reference == null ? Pepper.file(folder.pepper()) : Pepper.of(reference, System.getenv());
    BreakGlass breakGlass =
        new BreakGlass(database, new PasswordHash(PasswordHash.ITERATIONS), clock);
    return new Opened(database, breakGlass, pepper, clock, err);
  }

  private static boolean hasTenants(Database database) {
    return database.read(
        h -> h.createQuery("SELECT 1 FROM org LIMIT 1").mapTo(Long.class).findOne().isPresent());
  }

  /** The open platform. */
  record Opened(
      Database database, BreakGlass breakGlass, Pepper pepper, Clock clock, PrintWriter err)
      implements AutoCloseable {
    /** Keys, of which the first tenants are made if there are none. */
    KeyStore keys() {
      SecretText password = breakGlass.firstStart();
      if (password != null) {
        err.println(
            "New data: made the org, team and project 'default' and the user '"
                + BreakGlass.NAME
                + "' with the password "
                + password.reveal()
                + ", which is not shown again.");
        err.flush();
      }
      return new KeyStore(database, pepper, clock);
    }

    @Override
    public void close() {
      database.close();
    }
  }
}
