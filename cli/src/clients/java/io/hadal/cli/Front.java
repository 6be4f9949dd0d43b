package io.hadal.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.hadal.chat.Problem;
import io.hadal.server.wire.Dialect;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A proxy that first has troubles of its own, and counts the turns that clients ask for. */
final class Front implements AutoCloseable {
  private static final Set<String> HOP_BY_HOP =
      Set.of("connection", "host", "content-length", "transfer-encoding", "upgrade", "expect");

  /** What happens to a turn. */
  sealed interface Trouble {
    /** It is answered with an error. */
    record Refusal(int status, String body, boolean retry, int retryAfterSeconds)
        implements Trouble {
      /** The answer of our server. */
      static Refusal of(Problem problem, Dialect dialect) {
        return new Refusal(
            dialect.status(problem),
            new String(dialect.body(problem, "req_front"), StandardCharsets.UTF_8),
            problem.retry(),
            problem.retryAfterSeconds());
      }
    }

    /** The connection ends in the answer of the server. */
    record Cut(int bytes) implements Trouble {}
  }

  private final HttpServer server;
  private final String target;
  private final HttpClient http = HttpClient.newHttpClient();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Queue<Trouble> troubles = new ConcurrentLinkedQueue<>();
  private final AtomicInteger turns = new AtomicInteger();

  Front(String target) throws IOException {
    this.target = target;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** The next turn has this trouble. */
  Front with(Trouble trouble) {
    troubles.add(trouble);
    return this;
  }

  /** Troubles that have not come yet do not come. */
  void forget() {
    troubles.clear();
  }

  /** Turns that were asked for. */
  int turns() {
    return turns.get();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    boolean turn =
        exchange.getRequestMethod().equals("POST")
            && (path.endsWith("/messages")
                || path.endsWith("/responses")
                || path.endsWith("/chat/completions"));
    Trouble trouble = null;
    if (turn) {
      turns.incrementAndGet();
      trouble = troubles.poll();
    }
    byte[] body = exchange.getRequestBody().readAllBytes();
    try (exchange) {
      if (trouble instanceof Trouble.Refusal refusal) {
        refuse(exchange, refusal);
      } else {
        pass(exchange, body, trouble instanceof Trouble.Cut cut ? cut.bytes : Long.MAX_VALUE);
      }
    }
  }

  private static void refuse(HttpExchange exchange, Trouble.Refusal refusal) throws IOException {
    byte[] body = refusal.body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("content-type", "application/json");
    exchange.getResponseHeaders().set("x-should-retry", Boolean.toString(refusal.retry));
    if (refusal.retryAfterSeconds > 0) {
      exchange.getResponseHeaders().set("retry-after", Integer.toString(refusal.retryAfterSeconds));
    }
    exchange.sendResponseHeaders(refusal.status, body.length);
    exchange.getResponseBody().write(body);
  }

  private void pass(HttpExchange exchange, byte[] body, long most) throws IOException {
    String method = exchange.getRequestMethod();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(target + exchange.getRequestURI()))
            .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
    exchange
        .getRequestHeaders()
        .forEach(
            (name, values) -> {
              if (!HOP_BY_HOP.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
              }
            });
    HttpResponse<InputStream> response;
    try {
      response = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    response
        .headers()
        .map()
        .forEach(
            (name, values) -> {
              if (!HOP_BY_HOP.contains(name)) {
                values.forEach(value -> exchange.getResponseHeaders().add(name, value));
              }
            });
    boolean empty = method.equals("HEAD") || response.statusCode() == 204;
    exchange.sendResponseHeaders(response.statusCode(), empty ? -1 : 0);
    try (InputStream in = response.body()) {
      OutputStream out = exchange.getResponseBody();
      byte[] buffer = new byte[4096];
      long left = most;
      while (left > 0) {
        int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (n < 0) {
          return;
        }
        out.write(buffer, 0, n);
        out.flush();
        left -= n;
      }
      // A connection that breaks: no last chunk.
      throw new IOException("cut");
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    http.close();
  }
}
