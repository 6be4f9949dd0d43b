package io.hadal.cli.platform;

import io.hadal.platform.DataFolder;
import io.hadal.platform.SecretText;
import io.hadal.platform.db.Database;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.Pepper;
import io.hadal.platform.signin.BreakGlass;
import io.hadal.platform.signin.PasswordHash;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the data of the platform is. */
final class PlatformOption {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Folder of the database and the pepper of keys. Default: $XDG_DATA_HOME/hadal or"
              + " ~/.local/share/hadal.")
  private @Nullable Path data;

  @Option(
      names = "--db",
      paramLabel = "URL",
      description =
          "Database jdbc:postgresql://HOST:PORT/NAME; its password is taken from"
              + " HADAL_DB_PASSWORD. Default: hadal.db in the folder.")
  private @Nullable String url;

  @Option(names = "--db-user", paramLabel = "NAME", description = "User of the database.")
  private @Nullable String user;

  /** The folder, made if it is not there. */
  DataFolder folder() {
    return (data == null
            ? DataFolder.standard(System.getenv(), Path.of(System.getProperty("user.home")))
            : new DataFolder(data))
        .create();
  }

  /** The open platform; a first start is told to the one at the screen. */
  Opened open(PrintWriter err) {
    DataFolder folder = folder();
    Clock clock = Clock.systemUTC();
    Database database =
        Database.open(folder.database(url, user, System.getenv("HADAL_DB_PASSWORD")));
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
