package io.hadal.platform.db;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Databases without rows for tests; PostgreSQL runs once in a test JVM, and the schema is made once
 * for each kind: the others are copies.
 */
public final class TestDatabases {
  private static final String SCHEMA = "hadal_schema";

  private static final AtomicInteger COUNT = new AtomicInteger();
  private static @Nullable EmbeddedPostgres server;
  private static byte @Nullable [] file;

  private TestDatabases() {}

  /** Options of a new database with the newest schema and no rows. */
  public static DatabaseOptions fresh(DatabaseKind kind) {
    try {
      return switch (kind) {
        case SQLITE -> {
          byte[] schema = fileWithSchema();
          DatabaseOptions options = newFile();
          Files.write(path(options), schema);
          yield options;
        }
        case POSTGRESQL -> {
          EmbeddedPostgres running = server();
          yield newDatabase(running, "t" + COUNT.incrementAndGet(), SCHEMA);
        }
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Options of a new database without a schema, which {@link Database#open} makes. */
  public static DatabaseOptions empty(DatabaseKind kind) {
    try {
      return switch (kind) {
        case SQLITE -> newFile();
        case POSTGRESQL -> newDatabase(server(), "t" + COUNT.incrementAndGet(), "template1");
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A new database with the newest schema and no rows, open. */
  public static Database open(DatabaseKind kind) {
    return Database.open(fresh(kind));
  }

  /** Where a new file of SQLite may be; there is none yet. */
  public static Path file() {
    return path(newFile());
  }

  private static Path path(DatabaseOptions file) {
    return Path.of(file.url().substring("jdbc:sqlite:".length()));
  }

  private static DatabaseOptions newFile() {
    return DatabaseOptions.file(
        TestFolders.create("hadal-db").resolve("hadal.db").toAbsolutePath());
  }

  private static synchronized byte[] fileWithSchema() throws IOException {
    byte[] made = file;
    if (made == null) {
      DatabaseOptions options = newFile();
      Database.open(options).close();
      made = Files.readAllBytes(path(options));
      file = made;
    }
    return made;
  }

  private static synchronized EmbeddedPostgres server() throws IOException, SQLException {
    EmbeddedPostgres running = server;
    if (running == null) {
      running =
          EmbeddedPostgres.builder()
              .setServerConfig("fsync", "off")
              .setServerConfig("max_connections", "200")
              .setServerConfig("shared_buffers", "32MB")
              .start();
      Database.open(newDatabase(running, SCHEMA, "template1")).close();
      server = running;
    }
    return running;
  }

  private static DatabaseOptions newDatabase(EmbeddedPostgres server, String name, String template)
      throws SQLException {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        var statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name + " TEMPLATE " + template);
    }
    return new DatabaseOptions(server.getJdbcUrl("postgres", name), "postgres", "", 4);
  }
}
