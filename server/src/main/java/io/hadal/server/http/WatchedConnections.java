package io.hadal.server.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 connections that can be found by the id of their socket: a request does not show its
 * socket, and only the socket knows whether the client is still there.
 */
final class WatchedConnections implements ServerConnectionSelector, AutoCloseable {
  /** Connections with a thread of the platform. */
  private static final int MOST_THREADS = 32;

  private final Http1ConnectionSelector http1;
  private final Map<String, WatchedConnection> open = new ConcurrentHashMap<>();
  private final ConnectionThreads threads = new ConnectionThreads(MOST_THREADS);

  WatchedConnections(Http1ConnectionSelector http1) {
    this.http1 = http1;
  }

  @Nullable WatchedConnection find(String socketId) {
    return open.get(socketId);
  }

  @Override
  public int bytesToIdentifyConnection() {
    return http1.bytesToIdentifyConnection();
  }

  @Override
  public Support supports(BufferData data) {
    return http1.supports(data);
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return http1.supportedApplicationProtocols();
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    WatchedConnection watched = new WatchedConnection(context);
    return new Watched(watched, http1.connection(watched));
  }

  @Override
  public void close() {
    threads.close();
  }

  private final class Watched implements ServerConnection {
    private final WatchedConnection context;
    private final ServerConnection connection;

    Watched(WatchedConnection context, ServerConnection connection) {
      this.context = context;
      this.connection = connection;
    }

    @Override
    public void handle(Limit requests) throws InterruptedException {
      open.put(context.childSocketId(), context);
      try {
        threads.run(() -> connection.handle(requests));
      } finally {
        open.remove(context.childSocketId());
      }
    }

    @Override
    public Duration idleTime() {
      return connection.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
      connection.close(interrupt);
    }
  }
}
