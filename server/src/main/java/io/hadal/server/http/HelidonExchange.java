package io.hadal.server.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One request of Helidon. */
final class HelidonExchange implements Exchange {
  /** What is read of a body that is too long, so that the client gets to see the answer. */
  private static final long DISCARD = 64L << 20;

  /** Stands for the address of a client that has left before anybody asked. */
  private static final String GONE = "0.0.0.0";

  private final ServerRequest request;
  private final ServerResponse response;
  private final WatchedConnections connections;
  private final TrustedProxies proxies;
  private final String address;
  private volatile @Nullable WatchedSource source;
  private int answered;
  private boolean closes;

  HelidonExchange(
      ServerRequest request,
      ServerResponse response,
      WatchedConnections connections,
      TrustedProxies proxies) {
    this.request = request;
    this.response = response;
    this.connections = connections;
    this.proxies = proxies;
    // A connection that was closed has no address any more, and the end of a call asks for it.
    this.address = request.remotePeer().address() == null ? GONE : request.remotePeer().host();
  }

  @Override
  public String method() {
    return request.prologue().method().text();
  }

  @Override
  public String path() {
    return request.path().path();
  }

  @Override
  public String target() {
    String query = request.query().rawValue();
    return query.isEmpty() ? request.path().rawPath() : request.path().rawPath() + "?" + query;
  }

  @Override
  public @Nullable String query(String name) {
    return request.query().first(name).orElse(null);
  }

  @Override
  public @Nullable String header(String name) {
    HeaderName key = HeaderNames.create(name);
    return request.headers().contains(key)
        ? String.join(",", request.headers().get(key).allValues())
        : null;
  }

  @Override
  public Set<String> headerNames() {
    return request.headers().stream()
        .map(header -> header.headerName().lowerCase())
        .collect(Collectors.toSet());
  }

  @Override
  public String peer() {
    // Helidon appends what the PROXY protocol says to this header.
    return proxies.client(address, header("x-forwarded-for"));
  }

  @Override
  public byte @Nullable [] body(long limit) throws IOException {
    return body(limit, bytes -> {});
  }

  @Override
  public byte @Nullable [] body(long limit, LongConsumer grows) throws IOException {
    if (!request.content().hasEntity()) {
      return new byte[0];
    }
    try (var _ = BodyTimer.begin()) {
      return read(limit, grows);
    }
  }

  private byte @Nullable [] read(long limit, LongConsumer grows) throws IOException {
    long length = request.headers().contentLength().orElse(-1);
    InputStream in = new Body(request.content().inputStream());
    if (length > DISCARD) {
      // More than would be read: its end is not waited for.
      setHeader("connection", "close");
      return null;
    }
    try {
      byte[] body = length <= limit ? BodyReader.read(in, length, limit, grows) : null;
      if (body != null) {
        return body;
      }
    } catch (BodyMemory.FullException e) {
      setHeader("connection", "close");
      drop(in);
      throw e;
    }
    setHeader("connection", "close");
    drop(in);
    return null;
  }

  /** What Helidon throws at a body that breaks off or has no lengths of chunks is no fault. */
  private static final class Body extends FilterInputStream {
    Body(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      try {
        return in.read(bytes, from, length);
      } catch (RuntimeException e) {
        throw new IOException("the body breaks off, or its chunks are broken", e);
      }
    }
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
    closes |= name.equalsIgnoreCase("connection") && value.equalsIgnoreCase("close");
    response.header(HeaderNames.create(name), value);
  }

  /** Whether the connection ends behind the answer, because client or server has said so. */
  boolean closes() {
    String wish = header("connection");
    return closes || (wish != null && wish.equalsIgnoreCase("close"));
  }

  @Override
  public void send(int status, String contentType, byte[] body) {
    answered = status;
    response.status(Status.create(status));
    response.header(HeaderNames.CONTENT_TYPE, contentType);
    response.send(body);
  }

  @Override
  public OutputStream stream(int status, String contentType) {
    answered = status;
    response.status(Status.create(status));
    response.header(HeaderNames.CONTENT_TYPE, contentType);
    return new AnswerStream(response.outputStream(), response);
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
    WatchedConnection connection = connections.find(request.socketId());
    if (connection != null) {
      connection.source().watch();
      source = connection.source();
    }
  }

  @Override
  public boolean connected() {
    WatchedSource watched = source;
    return watched == null || watched.connected();
  }

  /**
   * Helidon ends a body behind its handler, and not at all on a connection that closes; here the
   * client sees the end when it is closed.
   */
  private static final class AnswerStream extends OutputStream {
    private final OutputStream out;
    private final ServerResponse response;

    AnswerStream(OutputStream out, ServerResponse response) {
      this.out = out;
      this.response = response;
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void close() throws IOException {
      out.close();
      if (response instanceof RoutingResponse own) {
        try {
          own.commit();
        } catch (RuntimeException e) {
          throw new IOException(e);
        }
      }
    }
  }
}
