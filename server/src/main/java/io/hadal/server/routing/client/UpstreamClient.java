package io.hadal.server.routing.client;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Requests to one upstream. Connections are kept: the one that was used last is used next, so that
 * as few stay open as are needed. HTTP/1.1, because HTTP/2 would put all streams on one connection,
 * whose limit of streams then is ours.
 */
public final class UpstreamClient implements AutoCloseable {
  private static final int MOST_IDLE = 1024;
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Those that were used later are looked at when they are used again. */
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Origin origin;
  private final Duration connect;
  private final @Nullable SSLSocketFactory tls;
  private final ReentrantLock lock = new ReentrantLock();

  /** The one that was used last comes first. */
  private final Deque<Connection> idle = new ArrayDeque<>();

  private final Set<UpstreamCall> running = ConcurrentHashMap.newKeySet();
  private boolean retired;

  /**
   * A client without connections.
   *
   * @param url the upstream
   * @param connect longest time until a connection stands
   */
  public UpstreamClient(URI url, Duration connect) {
    this(url, connect, null);
  }

  /**
   * A client that trusts others than the JVM does.
   *
   * @param tls null for what the JVM trusts
   */
  public UpstreamClient(URI url, Duration connect, @Nullable SSLSocketFactory tls) {
    this.origin = Origin.of(url);
    this.connect = connect;
    this.tls = tls;
  }

  /**
   * A request that waits for its answer until it is closed.
   *
   * @param request to this upstream
   */
  public UpstreamCall call(OutgoingRequest request) {
    return call(request, Duration.ZERO);
  }

  /**
   * A request.
   *
   * @param patience longest time between two pieces of the answer
   */
  public UpstreamCall call(OutgoingRequest request, Duration patience) {
    UpstreamCall call = new UpstreamCall(this, request, patience);
    running.add(call);
    return call;
  }

  void over(UpstreamCall call) {
    running.remove(call);
  }

  /** Requests whose answers are not read to the end. */
  public int running() {
    return running.size();
  }

  /** Connections that wait for a request. */
  public int idle() {
    lock.lock();
    try {
      return idle.size();
    } finally {
      lock.unlock();
    }
  }

  Duration connectTime() {
    return connect;
  }

  Connection open() throws IOException {
    return new Connection(origin, tls);
  }

  /** A connection that was used before; null when there is none. */
  @Nullable Connection take() {
    while (true) {
      Connection kept;
      lock.lock();
      try {
        kept = idle.pollFirst();
      } finally {
        lock.unlock();
      }
      if (kept == null || kept.alive()) {
        return kept;
      }
      kept.close();
    }
  }

  void keep(Connection connection) {
    connection.idle(System.nanoTime());
    Connection surplus = null;
    lock.lock();
    try {
      if (retired) {
        surplus = connection;
      } else {
        idle.addFirst(connection);
        surplus = idle.size() > MOST_IDLE ? idle.pollLast() : null;
      }
    } finally {
      lock.unlock();
    }
    if (surplus != null) {
      surplus.close();
    }
  }

  /** Closes connections that were not used for a minute, or that the upstream has closed. */
  public void sweep() {
    long now = System.nanoTime();
    List<Connection> old = new ArrayList<>();
    lock.lock();
    try {
      while (!idle.isEmpty() && now - idle.getLast().idleSince() > LOOK_NANOS) {
        old.add(idle.removeLast());
      }
    } finally {
      lock.unlock();
    }
    for (Connection one : old.reversed()) {
      boolean keep = now - one.idleSince() < IDLE_NANOS && one.alive();
      lock.lock();
      try {
        keep &= !retired;
        if (keep) {
          idle.addLast(one);
        }
      } finally {
        lock.unlock();
      }
      if (!keep) {
        one.close();
      }
    }
  }

  /** Keeps no connection from now on; what runs goes on. */
  public void retire() {
    List<Connection> all;
    lock.lock();
    try {
      retired = true;
      all = List.copyOf(idle);
      idle.clear();
    } finally {
      lock.unlock();
    }
    all.forEach(Connection::close);
  }

  /** Ends everything. */
  @Override
  public void close() {
    retire();
    running.forEach(UpstreamCall::close);
  }
}
