package io.hadal.cli.platform;

import io.hadal.formats.FormatException;
import io.hadal.platform.DataFolder;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where the platform's data and its database are. */
final class DatabaseOption {
  @Mixin private DataOption data = new DataOption();

  @Option(
      names = "--db",
      paramLabel = "FILE|URL",
      description =
          "Database: a file of SQLite, or jdbc:postgresql://HOST:PORT/NAME with the password of"
              + " HADAL_DB_PASSWORD. Default: hadal.db in the data folder.")
  private @Nullable String database;

  @Option(
      names = "--db-user",
      paramLabel = "NAME",
      description = "User of the database. Default: HADAL_DB_USER.")
  private @Nullable String user;

  /** Whether the user said where it is. */
  boolean given() {
    return database != null || data.given();
  }

  /** The data folder, there or not. */
  DataFolder folder() {
    return data.folder();
  }

  /**
   * Opens the database.
   *
   * @param create whether it may be made anew, with its folder
   * @throws FormatException when it is not there or cannot be used
   */
  Database open(boolean create) {
    String given = database;
    if (given != null && (given.startsWith("jdbc:") || given.contains("://"))) {
      Map<String, String> environment = System.getenv();
      return Database.open(
          new DatabaseOptions(
              given,
              user == null ? environment.get("HADAL_DB_USER") : user,
              environment.get("HADAL_DB_PASSWORD"),
              4));
    }
    Path file = given == null ? folder().database() : Path.of(given);
    if (!create && !Files.exists(file)) {
      throw new FormatException(
          file.toString(), "no such database; name it with --db, or the data folder with --data");
    }
    Path parent = file.toAbsolutePath().getParent();
    if (create && parent != null) {
      new DataFolder(parent).create();
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
