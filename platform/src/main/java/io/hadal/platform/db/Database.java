package io.hadal.platform.db;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.hadal.formats.FormatException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * An open database with the newest schema. SQL is the common subset of both kinds; where they
 * differ, {@link #kind} tells. Times are milliseconds since 1970, amounts nano-USD, flags 0 or 1.
 */
public final class Database implements AutoCloseable {
  /** Held here, or their levels would be forgotten with them. */
  private static final List<Logger> CHATTY =
      List.of(Logger.getLogger("org.flywaydb"), Logger.getLogger("com.zaxxer.hikari"));

  private static final System.Logger LOG = System.getLogger("hadal.platform");
  private static final String SCHEMAS = "classpath:io/hadal/platform/db/migration/";

  private final DatabaseKind kind;
  private final DatabaseOptions options;
  private final Properties login = new Properties();
  private final HikariDataSource pool;
  private final Jdbi jdbi;

  /** SQLite lets one transaction write: waiting here is fair and does not time out. */
  private final ReentrantLock writer = new ReentrantLock(true);

  /** The transaction that a thread has begun for several changes. */
  private final ThreadLocal<Joined> joined = new ThreadLocal<>();

  private record Joined(Handle handle, List<Runnable> afterwards) {}

  private final Reachability connection;

  /** The same for a server; a file may be locked by another process and still be read. */
  private final Reachability writing;

  private Database(DatabaseOptions options, HikariDataSource pool) {
    this.kind = options.kind();
    this.options = options;
    if (options.user() != null) {
      login.setProperty("user", options.user());
    }
    if (options.password() != null) {
      login.setProperty("password", options.password());
    }
    this.pool = pool;
    this.jdbi = Jdbi.create(pool);
    this.connection = new Reachability(Database::noConnection, () -> probe(options, "SELECT 1"));
    this.writing =
        kind == DatabaseKind.SQLITE
            ? new Reachability(Database::locked, () -> probe(options, "BEGIN IMMEDIATE"))
            : connection;
  }

  private static boolean noConnection(SQLException failure) {
    String state = failure.getSQLState();
    return failure instanceof SQLTransientConnectionException
        || (state != null && (state.startsWith("08") || state.startsWith("57P")));
  }

  /** SQLITE_BUSY, of whatever sort. */
  private static boolean locked(SQLException failure) {
    return (failure.getErrorCode() & 0xff) == 5;
  }

  /** On a connection beside the pool, which may be full of those that wait. */
  private static void probe(DatabaseOptions options, String sql) throws SQLException {
    Properties properties = new Properties();
    if (options.user() != null) {
      properties.setProperty("user", options.user());
    }
    if (options.password() != null) {
      properties.setProperty("password", options.password());
    }
    if (options.kind() == DatabaseKind.POSTGRESQL) {
      properties.setProperty("connectTimeout", "5");
      properties.setProperty("socketTimeout", "5");
    }
    try (Connection connection = DriverManager.getConnection(options.url(), properties);
        Statement statement = connection.createStatement()) {
      // What it began ends with the connection.
      statement.execute(sql);
    }
  }

  /**
   * Opens a database and brings its schema up to date.
   *
   * @throws FormatException when it cannot be reached, or a newer version has written it
   */
  public static Database open(DatabaseOptions options) {
    DatabaseKind kind = options.kind();
    CHATTY.forEach(logger -> logger.setLevel(Level.WARNING));
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(options.url());
    config.setUsername(options.user());
    config.setPassword(options.password());
    config.setMaximumPoolSize(options.connections());
    config.setPoolName("hadal-db");
    // A server may still be starting; a file is there or not.
    config.setInitializationFailTimeout(kind == DatabaseKind.SQLITE ? 1 : 10_000);
    config.setConnectionTimeout(5_000);
    if (kind == DatabaseKind.SQLITE) {
      config.addDataSourceProperty("journal_mode", "WAL");
      config.addDataSourceProperty("synchronous", "FULL");
      config.addDataSourceProperty("foreign_keys", "true");
      config.addDataSourceProperty("busy_timeout", "5000");
      config.addDataSourceProperty("transaction_mode", "IMMEDIATE");
    }
    HikariDataSource pool;
    try {
      pool = new HikariDataSource(config);
    } catch (RuntimeException e) {
      throw new FormatException(source(options), "cannot be opened: " + cause(e) + remedy(e), e);
    }
    try {
      Flyway.configure(Database.class.getClassLoader())
          .dataSource(pool)
          .locations(
              SCHEMAS + "common", SCHEMAS + (kind == DatabaseKind.SQLITE ? "sqlite" : "postgresql"))
          .load()
          .migrate();
    } catch (FlywayException e) {
      pool.close();
      throw new FormatException(
          source(options), "has a schema that does not fit: " + cause(e) + remedy(e), e);
    }
    return new Database(options, pool);
  }

  /** The file, or where a server is configured. */
  private static String source(DatabaseOptions options) {
    return options.kind() == DatabaseKind.SQLITE
        ? options.url().substring("jdbc:sqlite:".length())
        : "database.url";
  }

  private static String remedy(Throwable error) {
    String cause = cause(error);
    return cause.contains("SQLITE_NOTADB") || cause.contains("SQLITE_CORRUPT")
        ? "; bring back a backup with 'hadal admin restore'"
        : "";
  }

  private static String cause(Throwable error) {
    Throwable deepest = error;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return String.valueOf(deepest.getMessage()).strip();
  }

  public DatabaseKind kind() {
    return kind;
  }

  /**
   * A connection beside those of the pool, for what lasts: notifications and locks of a session.
   * Who asks closes it.
   *
   * @throws SQLException when the database does not answer
   */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(options.url(), login);
  }

  /** Whether the last one to ask got an answer. */
  public boolean reachable() {
    return connection.up() && writing.up();
  }

  /**
   * Reads, in one transaction.
   *
   * @throws io.hadal.platform.Refusal at once while the database is known not to answer
   */
  public <T extends @Nullable Object> T read(Function<Handle, T> work) {
    Joined begun = joined.get();
    if (begun != null) {
      return work.apply(begun.handle);
    }
    connection.require();
    try {
      return jdbi.withHandle(handle -> work.apply(handle));
    } catch (RuntimeException e) {
      connection.failed(e);
      throw e;
    }
  }

  /**
   * Writes, in one transaction: all of it or nothing.
   *
   * @throws io.hadal.platform.Refusal at once while the database is known not to answer
   */
  public <T extends @Nullable Object> T write(Function<Handle, T> work) {
    Joined begun = joined.get();
    if (begun != null) {
      return work.apply(begun.handle);
    }
    if (kind != DatabaseKind.SQLITE) {
      return transaction(work);
    }
    writing.require();
    writer.lock();
    try {
      return transaction(work);
    } finally {
      writer.unlock();
    }
  }

  private <T extends @Nullable Object> T transaction(Function<Handle, T> work) {
    // Behind the lock once more: whoever had it may have found the database away.
    connection.require();
    writing.require();
    try {
      return jdbi.inTransaction(handle -> work.apply(handle));
    } catch (RuntimeException e) {
      connection.failed(e);
      writing.failed(e);
      throw e;
    }
  }

  /**
   * Makes several changes in one transaction: what the work reads and writes here, on this thread,
   * is all there afterwards, or nothing of it. It must not wait for other threads, which may wait
   * to write: what takes locks, or brings what is in memory up to date, belongs into {@link
   * #afterwards}.
   */
  public <T extends @Nullable Object> T together(Supplier<T> work) {
    if (joined.get() != null) {
      return work.get();
    }
    List<Runnable> after = new ArrayList<>();
    T result =
        write(
            handle -> {
              joined.set(new Joined(handle, after));
              try {
                return work.get();
              } finally {
                joined.remove();
              }
            });
    for (Runnable one : after) {
      try {
        one.run();
      } catch (RuntimeException e) {
        // The change is there; what this node knows of it, it reads again within seconds.
        LOG.log(System.Logger.Level.WARNING, "a change is not known here yet: {0}", e.toString());
      }
    }
    return result;
  }

  /**
   * Does something as soon as a change is there: at once, or when the transaction that this thread
   * has begun by {@link #together} is over. After a transaction that fails it is not done.
   */
  public void afterwards(Runnable work) {
    Joined begun = joined.get();
    if (begun == null) {
      work.run();
    } else {
      begun.afterwards.add(work);
    }
  }

  /** Writes, in one transaction, without a result. */
  public void run(Consumer<Handle> work) {
    write(
        handle -> {
          work.accept(handle);
          return 0;
        });
  }

  @Override
  public void close() {
    connection.close();
    writing.close();
    pool.close();
  }
}
