package io.hadal.server.trial;

import io.hadal.server.http.Exchange;
import java.io.OutputStream;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A request that comes from this process itself. It gives up after a time. */
final class InnerExchange implements Exchange {
  private static final int MOST_BYTES = 16 << 20;

  private final String path;
  private final byte[] body;
  private final Map<String, String> headers;
  private final long deadline;
  private final AnswerCopy answer = new AnswerCopy(MOST_BYTES);
  private volatile int status;
  private volatile boolean complete;

  /**
   * A request.
   *
   * @param headers names in lower case
   * @param deadline {@link System#nanoTime} at which nobody waits any more
   */
  InnerExchange(String path, byte[] body, Map<String, String> headers, long deadline) {
    this.path = path;
    this.body = body;
    this.headers = Map.copyOf(headers);
    this.deadline = deadline;
  }

  /** Status of the answer; 0 before there is one. */
  @Override
  public int status() {
    return status;
  }

  /** The answer has come to its end. */
  boolean complete() {
    return complete && !answer.tooLong();
  }

  byte[] answer() {
    return answer.bytes();
  }

  @Override
  public String method() {
    return "POST";
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public String target() {
    return path;
  }

  @Override
  public @Nullable String query(String name) {
    return null;
  }

  @Override
  public @Nullable String header(String name) {
    return name.equals("content-type") ? "application/json" : headers.get(name);
  }

  @Override
  public Set<String> headerNames() {
    return headers.keySet();
  }

  @Override
  public String peer() {
    return "127.0.0.1";
  }

  @Override
  public byte @Nullable [] body(long limit) {
    return body.length > limit ? null : body;
  }

  @Override
  public void setHeader(String name, String value) {
    // Nobody reads them.
  }

  @Override
  public void send(int code, String contentType, byte[] bytes) {
    status = code;
    answer.add(bytes, 0, bytes.length);
    complete = true;
  }

  @Override
  public OutputStream stream(int code, String contentType) {
    status = code;
    return new OutputStream() {
      @Override
      public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int length) {
        answer.add(bytes, from, length);
      }

      @Override
      public void close() {
        complete = true;
      }
    };
  }

  @Override
  public boolean answered() {
    return status != 0;
  }

  @Override
  public void watch() {
    // The end of its patience is what is looked at.
  }

  @Override
  public boolean connected() {
    return System.nanoTime() - deadline < 0;
  }
}
