package io.hadal.server.http;

import com.sun.net.httpserver.HttpServer;
import io.hadal.formats.FormatException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The listener on the JDK's own HTTP server: plain HTTP/1.1, a virtual thread a request. It has no
 * limit of connections, and it knows that a client has gone away only when a write fails.
 */
public final class JdkListener implements HttpListener {
  private final HttpServer server;
  private final ExecutorService threads;

  private JdkListener(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * Listens and answers from now on.
   *
   * @throws FormatException when the address is taken
   */
  public static JdkListener start(ListenerOptions options, HttpHandler handler) {
    HttpServer server;
    options.requireFree();
    try {
      server = HttpServer.create(new InetSocketAddress(options.host(), options.port()), 0);
    } catch (IOException e) {
      throw new FormatException(
          options.host() + ":" + options.port(),
          "cannot listen here: " + e.getMessage() + "; choose another --host or --port",
          e);
    }
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("hadal-http-", 0).factory());
    server.setExecutor(threads);
    server.createContext(
        "/",
        raw -> {
          JdkExchange exchange = new JdkExchange(raw, options.proxies());
          try {
            handler.handle(exchange);
          } finally {
            exchange.abandon();
          }
        });
    server.start();
    return new JdkListener(server, threads);
  }

  @Override
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
