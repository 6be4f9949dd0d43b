package io.hadal.server.routing;

import io.hadal.server.http.Exchange;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;

/**
 * Ends a relay from outside: the upstream's call is closed when the client has gone or the upstream
 * is silent for too long, or this server goes down, and a client that does not read is dropped.
 * Whether the client stays is looked at from the second {@link #look} on; an answer that is quicker
 * needs no watch.
 */
final class RelayWatch {
  private final Exchange client;
  private final Closeable upstream;
  private final Thread thread;
  private final long slowestNanos;
  private volatile long deadline;
  private volatile long writingSince;
  private volatile boolean gone;
  private volatile boolean late;
  private volatile boolean ended;

  /** Used by the thread that looks only. */
  private int looks;

  /**
   * A watch over the calling thread.
   *
   * @param slowest longest time a client may take to accept a piece
   */
  RelayWatch(Exchange client, Closeable upstream, Duration slowest) {
    this.client = client;
    this.upstream = upstream;
    this.thread = Thread.currentThread();
    this.slowestNanos = slowest.toNanos();
    this.deadline = Long.MAX_VALUE;
  }

  /** The upstream has to send something until then. */
  void expect(long nanoTime) {
    deadline = nanoTime;
  }

  void writing(boolean now) {
    writingSince = now ? System.nanoTime() : 0;
  }

  void look(long now) {
    if (++looks == 2) {
      client.watch();
    }
    long since = writingSince;
    if (since != 0 && now - since > slowestNanos) {
      gone = true;
      // An interrupted virtual thread leaves its socket closed.
      thread.interrupt();
    } else if (!gone && !connected()) {
      gone = true;
      close();
    } else if (since == 0 && deadline != Long.MAX_VALUE && now - deadline > 0) {
      late = true;
      close();
    }
  }

  /** A client that cannot even be looked at is as good as gone: nobody would end this any more. */
  private boolean connected() {
    try {
      return client.connected();
    } catch (RuntimeException e) {
      return false;
    }
  }

  /** This server goes down. */
  void end() {
    ended = true;
    close();
  }

  private void close() {
    try {
      upstream.close();
    } catch (IOException e) {
      // It is closed, one way or the other.
    }
  }

  /** The client has gone away. */
  boolean gone() {
    return gone;
  }

  /** This server has gone down meanwhile. */
  boolean ended() {
    return ended;
  }

  /** The upstream was silent for too long. */
  boolean late() {
    return late;
  }
}
