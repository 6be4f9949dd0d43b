package io.hadal.platform.db;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Empty databases for tests; PostgreSQL runs once in a test JVM. */
public final class TestDatabases {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static @Nullable EmbeddedPostgres server;

  private TestDatabases() {}

  /** Options of a new, empty database. */
  public static DatabaseOptions fresh(DatabaseKind kind) {
    try {
      return switch (kind) {
        case SQLITE ->
            DatabaseOptions.file(
                TestFolders.create("hadal-db").resolve("hadal.db").toAbsolutePath());
        case POSTGRESQL -> postgresql();
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A new, empty database, open. */
  public static Database open(DatabaseKind kind) {
    return Database.open(fresh(kind));
  }

  /** A new file of SQLite. */
  public static Path file() {
    return Path.of(fresh(DatabaseKind.SQLITE).url().substring("jdbc:sqlite:".length()));
  }

  private static synchronized DatabaseOptions postgresql() throws IOException, SQLException {
    EmbeddedPostgres running = server;
    if (running == null) {
      running =
          EmbeddedPostgres.builder()
              .setServerConfig("fsync", "off")
              .setServerConfig("max_connections", "200")
              .setServerConfig("shared_buffers", "32MB")
              .start();
      server = running;
    }
    String name = "t" + COUNT.incrementAndGet();
    try (Connection connection = running.getPostgresDatabase().getConnection();
        var statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
    }
    return new DatabaseOptions(running.getJdbcUrl("postgres", name), "postgres", "", 4);
  }
}
