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
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
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
  private final Duration headPatience;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("hadal-head-timer").daemon().factory());

  /**
   * @param headPatience how long the head of a request may take from its first byte on
   */
  WatchedConnections(Http1ConnectionSelector http1, Duration headPatience) {
    this.http1 = http1;
    this.headPatience = headPatience;
    long pause = Math.min(1000, headPatience.toMillis());
    var _ = timer.scheduleWithFixedDelay(this::closeDawdling, pause, pause, TimeUnit.MILLISECONDS);
  }

  /** Clients that send a byte now and then would else keep all connections for themselves. */
  private void closeDawdling() {
    for (WatchedConnection connection : open.values()) {
      if (connection.source().dawdles(headPatience.toNanos())) {
        connection.source().answering(false);
        // TLS says farewell, to somebody who may not read it.
        Thread.ofVirtual().name("hadal-close").start(() -> close(connection));
      }
    }
  }

  private static void close(WatchedConnection connection) {
    try {
      connection.serverSocket().close();
    } catch (RuntimeException e) {
      // It has gone by itself.
      return;
    }
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
    timer.shutdownNow();
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
