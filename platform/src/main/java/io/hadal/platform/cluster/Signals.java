package io.hadal.platform.cluster;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * What PostgreSQL tells nodes at once: names of what was changed, sent by triggers. It is the quick
 * way only: whoever listens looks by itself every second or so. The same connection holds the lock
 * that makes one node the leader, so a node whose connection breaks leads no more. A file of SQLite
 * has one process, which leads, and hears nothing.
 */
public final class Signals implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.platform");

  /** Number of the lock of the leader. */
  private static final long LEADER = 0x68_61_64_61_6cL;

  private static final int WAIT_MILLIS = 2000;
  private static final long RETRY_MILLIS = 1000;

  private final Database database;
  private final Consumer<String> heard;
  private final @Nullable Thread thread;
  private volatile boolean leader;
  private volatile boolean closed;
  private volatile @Nullable Connection connection;

  /**
   * Listens from now on.
   *
   * @param heard gets the name of what changed: {@code tenancy}, {@code limit}, {@code budget},
   *     {@code node}; on a thread of its own
   */
  public Signals(Database database, Consumer<String> heard) {
    this.database = database;
    this.heard = heard;
    boolean several = database.kind() == DatabaseKind.POSTGRESQL;
    this.leader = !several;
    this.thread =
        several ? Thread.ofPlatform().name("hadal-signals").daemon().start(this::run) : null;
  }

  /** Whether this node does what one node has to do. */
  public boolean leader() {
    return leader;
  }

  private void run() {
    while (!closed) {
      try (Connection own = database.connect()) {
        connection = own;
        try (Statement statement = own.createStatement()) {
          statement.execute("LISTEN hadal");
        }
        // What was changed while nobody listened.
        heard.accept("");
        listen(own);
      } catch (SQLException | RuntimeException e) {
        if (!closed) {
          LOG.log(Level.DEBUG, "signals: the connection broke", e);
        }
      } finally {
        leader = false;
        connection = null;
      }
      pause();
    }
  }

  private void listen(Connection own) throws SQLException {
    PGConnection postgres = own.unwrap(PGConnection.class);
    while (!closed) {
      if (!leader) {
        leader = lead(own);
      }
      PGNotification[] notes = postgres.getNotifications(WAIT_MILLIS);
      if (notes != null) {
        for (PGNotification note : notes) {
          heard.accept(note.getParameter());
        }
      } else if (!own.isValid(WAIT_MILLIS / 1000)) {
        throw new SQLException("no answer");
      }
    }
  }

  private static boolean lead(Connection own) throws SQLException {
    try (Statement statement = own.createStatement();
        ResultSet result = statement.executeQuery("SELECT pg_try_advisory_lock(" + LEADER + ")")) {
      return result.next() && result.getBoolean(1);
    }
  }

  private void pause() {
    try {
      if (!closed) {
        Thread.sleep(RETRY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed = true;
    }
  }

  @Override
  public void close() {
    closed = true;
    Thread running = thread;
    if (running == null) {
      return;
    }
    Connection own = connection;
    try {
      if (own != null) {
        // Ends the wait for notifications.
        own.abort(Runnable::run);
      }
      running.interrupt();
      running.join(5000);
    } catch (SQLException e) {
      LOG.log(Level.DEBUG, "signals: the connection does not close", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
