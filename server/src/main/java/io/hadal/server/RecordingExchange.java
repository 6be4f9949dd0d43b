package io.hadal.server;

import io.hadal.server.http.Exchange;
import io.hadal.server.http.ForwardingExchange;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An exchange that keeps a copy of the answer it sends. */
final class RecordingExchange extends ForwardingExchange {
  private static final int SUCCESS_END = 300;

  private final int limit;
  private final Map<String, String> headers = new LinkedHashMap<>();
  private @Nullable Recording recording;
  private boolean success;

  /**
   * An answer that was sent.
   *
   * @param streamed true when it went out in pieces
   */
  record Recording(
      int status, String contentType, Map<String, String> headers, byte[] body, boolean streamed) {
    /** What it takes in memory, about. */
    long bytes() {
      return body.length + 64L * headers.size();
    }

    /** The same with another body. */
    Recording with(byte[] other) {
      return new Recording(status, contentType, headers, other, streamed);
    }

    /** Sends it again. */
    void replay(Exchange exchange) throws IOException {
      headers.forEach(exchange::setHeader);
      exchange.setHeader("idempotent-replayed", "true");
      if (!streamed) {
        exchange.send(status, contentType, body);
        return;
      }
      OutputStream out = exchange.stream(status, contentType);
      try {
        out.write(body);
        out.close();
      } catch (RuntimeException e) {
        throw new IOException(e);
      }
    }
  }

  /**
   * @param limit longest answer that is kept
   */
  RecordingExchange(Exchange exchange, int limit) {
    super(exchange);
    this.limit = limit;
  }

  /** The answer; null when it is not complete, or too long to be kept. */
  @Nullable Recording recording() {
    return recording;
  }

  /** True when a whole answer without an error status has been handed over to be sent. */
  boolean success() {
    return success;
  }

  @Override
  public void setHeader(String name, String value) {
    headers.put(name, value);
    super.setHeader(name, value);
  }

  @Override
  public void send(int status, String contentType, byte[] body) {
    done(status, contentType, body, false);
    super.send(status, contentType, body);
  }

  @Override
  public OutputStream stream(int status, String contentType) {
    return new Copy(super.stream(status, contentType), status, contentType);
  }

  private void done(int status, String contentType, byte @Nullable [] body, boolean streamed) {
    success = status < SUCCESS_END;
    if (success && body != null && body.length <= limit) {
      recording = new Recording(status, contentType, Map.copyOf(headers), body, streamed);
    }
  }

  private final class Copy extends FilterOutputStream {
    private final int status;
    private final String contentType;
    private @Nullable ByteArrayOutputStream copy = new ByteArrayOutputStream();

    Copy(OutputStream out, int status, String contentType) {
      super(out);
      this.status = status;
      this.contentType = contentType;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      ByteArrayOutputStream kept = copy;
      if (kept != null && kept.size() + length <= limit) {
        kept.write(bytes, from, length);
      } else {
        copy = null;
      }
      out.write(bytes, from, length);
    }

    @Override
    public void close() throws IOException {
      ByteArrayOutputStream kept = copy;
      done(status, contentType, kept == null ? null : kept.toByteArray(), true);
      out.close();
    }
  }
}
