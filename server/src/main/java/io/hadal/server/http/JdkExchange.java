package io.hadal.server.http;

import com.sun.net.httpserver.HttpExchange;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** One request of the JDK's server. */
final class JdkExchange implements Exchange {
  /** What is read of a body that is too long, so that the client gets to see the answer. */
  private static final long DISCARD = 64L << 20;

  private final HttpExchange exchange;
  private final TrustedProxies proxies;
  private volatile boolean gone;
  private int answered;

  JdkExchange(HttpExchange exchange, TrustedProxies proxies) {
    this.exchange = exchange;
    this.proxies = proxies;
  }

  @Override
  public String method() {
    return exchange.getRequestMethod();
  }

  @Override
  public String path() {
    return exchange.getRequestURI().getPath();
  }

  @Override
  public String target() {
    String query = exchange.getRequestURI().getRawQuery();
    String path = exchange.getRequestURI().getRawPath();
    return query == null ? path : path + "?" + query;
  }

  @Override
  public @Nullable String query(String name) {
    String query = exchange.getRequestURI().getRawQuery();
    if (query == null) {
      return null;
    }
    for (String part : query.split("&")) {
      int equals = part.indexOf('=');
      String key = equals < 0 ? part : part.substring(0, equals);
      if (decode(key).equals(name)) {
        return equals < 0 ? "" : decode(part.substring(equals + 1));
      }
    }
    return null;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text;
    }
  }

  @Override
  public @Nullable String header(String name) {
    List<String> values = exchange.getRequestHeaders().get(name);
    return values == null || values.isEmpty() ? null : String.join(",", values);
  }

  @Override
  public Set<String> headerNames() {
    return exchange.getRequestHeaders().keySet().stream()
        .map(name -> name.toLowerCase(Locale.ROOT))
        .collect(Collectors.toSet());
  }

  @Override
  public String peer() {
    return proxies.client(
        exchange.getRemoteAddress().getAddress().getHostAddress(), header("x-forwarded-for"));
  }

  @Override
  public byte @Nullable [] body(long limit) throws IOException {
    return body(limit, bytes -> {});
  }

  @Override
  public byte @Nullable [] body(long limit, LongConsumer grows) throws IOException {
    InputStream raw = exchange.getRequestBody();
    String said = header("content-length");
    long length = said == null || said.length() > 18 ? -1 : Long.parseLong(said.strip());
    try {
      byte[] body = length <= limit ? BodyReader.read(unpacked(raw), length, limit, grows) : null;
      if (body != null) {
        return body;
      }
    } catch (BodyMemory.FullException e) {
      setHeader("connection", "close");
      drop(raw);
      throw e;
    }
    setHeader("connection", "close");
    drop(raw);
    return null;
  }

  private InputStream unpacked(InputStream raw) throws IOException {
    String encoding = header("content-encoding");
    if (encoding == null) {
      return raw;
    }
    return switch (encoding.strip().toLowerCase(Locale.ROOT)) {
      case "identity" -> raw;
      case "gzip", "x-gzip" -> new GZIPInputStream(raw);
      case "zstd" -> new ZstdBody(raw);
      default -> throw new IOException("the body has an unknown content-encoding");
    };
  }

  private static void drop(InputStream in) throws IOException {
    byte[] sink = new byte[8192];
    long discarded = 0;
    for (int n = 0; n >= 0 && discarded < DISCARD; n = in.read(sink)) {
      discarded += n;
    }
  }

  @Override
  public void setHeader(String name, String value) {
    exchange.getResponseHeaders().set(name, value);
  }

  @Override
  public void send(int status, String contentType, byte[] body) {
    answered = status;
    setHeader("content-type", contentType);
    try (exchange) {
      boolean empty = body.length == 0 || method().equals("HEAD");
      exchange.sendResponseHeaders(status, empty ? -1 : body.length);
      if (!empty) {
        exchange.getResponseBody().write(body);
      }
    } catch (IOException e) {
      gone = true;
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public OutputStream stream(int status, String contentType) {
    answered = status;
    setHeader("content-type", contentType);
    return new Stream(status);
  }

  @Override
  public boolean answered() {
    return answered != 0;
  }

  @Override
  public int status() {
    return answered;
  }

  @Override
  public void watch() {
    // This server gives no access to its sockets; a write that fails shows that nobody is there.
  }

  @Override
  public boolean connected() {
    return !gone;
  }

  /** Ends an answer that was begun and not ended: the connection is closed, so that it shows. */
  void abandon() {
    exchange.close();
  }

  /** Sends headers with the first flush. */
  private final class Stream extends FilterOutputStream {
    private final int status;
    private boolean begun;

    Stream(int status) {
      super(OutputStream.nullOutputStream());
      this.status = status;
    }

    private void begin() throws IOException {
      if (!begun) {
        begun = true;
        exchange.sendResponseHeaders(status, 0);
        out = exchange.getResponseBody();
      }
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      try {
        begin();
        out.write(bytes, from, length);
      } catch (IOException e) {
        gone = true;
        throw e;
      }
    }

    @Override
    public void flush() throws IOException {
      try {
        begin();
        out.flush();
      } catch (IOException e) {
        gone = true;
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      begin();
      out.close();
    }
  }
}
