package io.hadal.server.http;

import io.hadal.formats.FormatException;
import io.helidon.common.configurable.Resource;
import io.helidon.common.pki.Keys;
import io.helidon.common.tls.Tls;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.RequestException;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** The listener on Helidon SE: HTTP/1.1, a virtual thread a connection. */
public final class HelidonListener implements HttpListener {
  private static final int MAX_HEADERS = 64 << 10;

  /** Its loggers announce every start and stop; kept, because loggers can be collected. */
  private static final Logger HELIDON = Logger.getLogger("io.helidon");

  /** Tells of what is no request, with its stack; kept for the same reason. */
  private static final Logger CONNECTIONS =
      Logger.getLogger("io.helidon.webserver.http1.Http1Connection");

  private static final Duration HEAD_PATIENCE = Duration.ofSeconds(30);

  private final WebServer server;
  private final WatchedConnections connections;

  private HelidonListener(WebServer server, WatchedConnections connections) {
    this.server = server;
    this.connections = connections;
  }

  /**
   * Listens and answers from now on.
   *
   * @param badRequest body for requests that are no HTTP
   * @throws FormatException when the address is taken or a certificate is unusable
   */
  public static HelidonListener start(
      ListenerOptions options, HttpHandler handler, byte[] badRequest) {
    return start(options, handler, badRequest, HEAD_PATIENCE);
  }

  /**
   * The same.
   *
   * @param headPatience how long the head of a request may take
   */
  static HelidonListener start(
      ListenerOptions options, HttpHandler handler, byte[] badRequest, Duration headPatience) {
    HELIDON.setLevel(Level.WARNING);
    // Anybody could fill the log; faults of ours are told elsewhere.
    CONNECTIONS.setFilter(entry -> !(entry.getThrown() instanceof RequestException));
    // Helidon prints the fault with its stack, and returns as if it listened.
    options.requireFree();
    Http1Config http1 =
        Http1Config.builder().maxHeadersSize(MAX_HEADERS).validateResponseHeaders(false).build();
    WatchedConnections connections =
        new WatchedConnections(
            Http1ConnectionSelector.builder().config(http1).build(), headPatience);
    HttpRouting.Builder routing =
        HttpRouting.builder()
            .any(
                (request, response) -> {
                  HelidonExchange exchange =
                      new HelidonExchange(request, response, connections, options.proxies());
                  WatchedConnection connection = connections.find(request.socketId());
                  answering(connection, true);
                  try {
                    handler.handle(exchange);
                  } catch (IOException e) {
                    // Nobody is left to tell; anything else would be logged as a fault.
                    throw new CloseConnectionException("the client has gone away", e);
                  } finally {
                    answering(connection, false);
                  }
                  if (exchange.closes()) {
                    // Helidon says so and reads on, until the connection has been idle for long.
                    throw new CloseConnectionException("as was said");
                  }
                });
    WebServerConfig.Builder config =
        WebServer.builder()
            .host(options.host())
            .port(options.port())
            .shutdownHook(false)
            .maxTcpConnections(options.maxConnections())
            .maxPayloadSize(-1)
            .enableProxyProtocol(options.proxies().protocol())
            .idleConnectionTimeout(Duration.ofMinutes(5))
            .shutdownGracePeriod(Duration.ofMillis(200))
            .connectionOptions(socket -> socket.tcpNoDelay(true))
            .contentEncoding(
                ContentEncodingContext.builder()
                    .contentEncodingsDiscoverServices(false)
                    .addContentEncoding(PackedBodies.gzip())
                    .addContentEncoding(PackedBodies.zstd())
                    .build())
            .directHandlers(directHandlers(badRequest))
            .addConnectionSelector(connections)
            .addRouting(routing);
    if (options.certificate() != null) {
      config.tls(tls(options));
    }
    try {
      WebServer server = config.build().start();
      if (!server.isRunning()) {
        throw new IllegalStateException("the address is in use");
      }
      return new HelidonListener(server, connections);
    } catch (RuntimeException e) {
      throw new FormatException(
          options.host() + ":" + options.port(),
          "cannot listen here: " + cause(e) + "; choose another --host or --port",
          e);
    }
  }

  private static void answering(@Nullable WatchedConnection connection, boolean now) {
    if (connection != null) {
      connection.source().answering(now);
    }
  }

  private static Tls tls(ListenerOptions options) {
    try {
      Keys keys =
          Keys.builder()
              .pem(
                  pem ->
                      pem.key(Resource.create(Objects.requireNonNull(options.privateKey())))
                          .certChain(
                              Resource.create(Objects.requireNonNull(options.certificate()))))
              .build();
      return Tls.builder()
          .privateKey(keys.privateKey().orElseThrow())
          .privateKeyCertChain(keys.certChain())
          .build();
    } catch (RuntimeException e) {
      throw new FormatException(
          String.valueOf(options.certificate()),
          "no usable certificate with the key in " + options.privateKey() + ": " + cause(e),
          e);
    }
  }

  private static String cause(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }

  private static DirectHandlers directHandlers(byte[] body) {
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(
          type,
          (request, event, status, headers, message) -> {
            headers.set(HeaderNames.CONTENT_TYPE, "application/json");
            return DirectHandler.TransportResponse.builder()
                .status(status)
                .headers(headers)
                .keepAlive(false)
                .entity(body)
                .build();
          });
    }
    return handlers.build();
  }

  /** Error body for what is no HTTP, as JSON text. */
  public static byte[] utf8(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
    connections.close();
  }
}
