package io.hadal.cli.platform;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the platform's database is. */
final class DatabaseOption {
  @Option(
      names = "--db",
      paramLabel = "FILE|URL",
      description =
          "Database: a file of SQLite, or jdbc:postgresql://HOST:PORT/NAME with the user and"
              + " password of HADAL_DB_USER and HADAL_DB_PASSWORD. Default: hadal.db in the data"
              + " folder.")
  private @Nullable String database;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Data folder of 'hadal serve'. Default: $XDG_DATA_HOME/hadal, else ~/.local/share/hadal.")
  private @Nullable Path data;

  /** The data folder. */
  Path folder() {
    Path given = data;
    if (given != null) {
      return given;
    }
    String base = System.getenv("XDG_DATA_HOME");
    return base != null && !base.isEmpty() && Path.of(base).isAbsolute()
        ? Path.of(base, "hadal")
        : Path.of(System.getProperty("user.home"), ".local", "share", "hadal");
  }

  /**
   * Opens the database.
   *
   * @param create whether a file may be made anew
   */
  Database open(boolean create) throws IOException {
    String given = database;
    if (given != null && given.startsWith("jdbc:")) {
      Map<String, String> environment = System.getenv();
      return Database.open(
          new DatabaseOptions(
              given, environment.get("HADAL_DB_USER"), environment.get("HADAL_DB_PASSWORD"), 4));
    }
    Path file = given == null ? folder().resolve("hadal.db") : Path.of(given);
    if (!Files.exists(file)) {
      if (!create) {
        throw new FormatException(
            file.toString(),
            "is not there; name the database with --db, or the data folder with --data");
      }
      Path folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
    }
    return Database.open(DatabaseOptions.file(file));
  }

  /** The id of a project that is named by its id or slug. */
  static String project(Database database, String name) {
    List<String> found =
        database.read(
            h ->
                h.createQuery("SELECT id FROM project WHERE id = ? OR slug = ?")
                    .bind(0, name)
                    .bind(1, name)
                    .mapTo(String.class)
                    .list());
    if (found.size() != 1) {
      throw new FormatException(
          "project '" + name + "'",
          found.isEmpty()
              ? "is not in the database"
              : "is the name of several: use the id, one of " + found);
    }
    return found.getFirst();
  }
}
