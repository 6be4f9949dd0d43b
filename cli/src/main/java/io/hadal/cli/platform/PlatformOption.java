package io.hadal.cli.platform;

import io.hadal.platform.DataFolder;
import io.hadal.platform.SecretText;
import io.hadal.platform.db.Database;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.Pepper;
import io.hadal.platform.signin.BreakGlass;
import io.hadal.platform.signin.PasswordHash;
import java.io.PrintWriter;
import java.time.Clock;
import picocli.CommandLine.Mixin;

/** Where the data of the platform is. */
final class PlatformOption {
  @Mixin private DatabaseOption where = new DatabaseOption();

  /** The folder, made if it is not there. */
  DataFolder folder() {
    return where.folder().create();
  }

  /** The open platform; a first start is told to the one at the screen. */
  Opened open(PrintWriter err) {
    DataFolder folder = folder();
    Clock clock = Clock.systemUTC();
    Database database = where.open(true);
    KeyStore.requirePepper(database, null, folder.pepper());
    Pepper pepper = Pepper.file(folder.pepper());
    BreakGlass breakGlass =
        new BreakGlass(database, new PasswordHash(PasswordHash.ITERATIONS), clock);
    return new Opened(database, breakGlass, pepper, clock, err);
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
