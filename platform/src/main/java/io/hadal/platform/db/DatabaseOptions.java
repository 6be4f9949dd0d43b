package io.hadal.platform.db;

import io.hadal.formats.FormatException;
import io.hadal.platform.DataFolder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the rows are.
 *
 * @param url {@code jdbc:sqlite:FILE} or {@code jdbc:postgresql://HOST:PORT/NAME}
 * @param user name of the database's user; null for none
 * @param password its password; null for none
 * @param connections most connections at a time
 */
public record DatabaseOptions(
    String url, @Nullable String user, @Nullable String password, int connections) {

  /** A file of SQLite. */
  public static DatabaseOptions file(Path file) {
    return new DatabaseOptions("jdbc:sqlite:" + file.toAbsolutePath(), null, null, 4);
  }

  /**
   * The database of a process: that of a URL, or a file of its folder.
   *
   * @param url null for the file
   */
  public static DatabaseOptions of(
      DataFolder folder, @Nullable String url, @Nullable String user, @Nullable String password) {
    return url == null ? file(folder.database()) : new DatabaseOptions(url, user, password, 4);
  }

  /**
   * The kind that the URL names.
   *
   * @throws FormatException when it names none
   */
  public DatabaseKind kind() {
    if (url.startsWith("jdbc:sqlite:")) {
      return DatabaseKind.SQLITE;
    }
    if (url.startsWith("jdbc:postgresql:")) {
      return DatabaseKind.POSTGRESQL;
    }
    throw new FormatException(
        "database.url", "must begin with jdbc:sqlite: or jdbc:postgresql:, not '" + url + "'");
  }

  @Override
  public String toString() {
    return "DatabaseOptions[" + url.replaceFirst("\\?.*", "?...") + "]";
  }
}
