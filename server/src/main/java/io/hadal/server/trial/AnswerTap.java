package io.hadal.server.trial;

import io.hadal.server.http.Exchange;
import io.hadal.server.routing.config.Operation;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An exchange of a request that takes part in a rollout. It remembers the answer until that has
 * been looked at.
 */
public final class AnswerTap implements Exchange {
  /** Longest answer that is looked at. */
  private static final int MOST_BYTES = 1 << 20;

  private final Exchange exchange;
  private final Operation operation;
  private final byte[] request;
  private final String session;
  private final AnswerCopy answer = new AnswerCopy(MOST_BYTES);

  /**
   * A tap.
   *
   * @param request body as the client sent it
   * @param session what keeps a conversation at its version
   */
  public AnswerTap(Exchange exchange, Operation operation, byte[] request, String session) {
    this.exchange = exchange;
    this.operation = operation;
    this.request = request;
    this.session = session;
  }

  /** What was asked for. */
  public Operation operation() {
    return operation;
  }

  /** The body as the client sent it. */
  public byte[] request() {
    return request;
  }

  /** What keeps the conversation at its version. */
  public String session() {
    return session;
  }

  /** The answer as far as it went out; empty when it was too long. */
  public byte[] answer() {
    return answer.bytes();
  }

  @Override
  public String method() {
    return exchange.method();
  }

  @Override
  public String path() {
    return exchange.path();
  }

  @Override
  public String target() {
    return exchange.target();
  }

  @Override
  public @Nullable String query(String name) {
    return exchange.query(name);
  }

  @Override
  public @Nullable String header(String name) {
    return exchange.header(name);
  }

  @Override
  public Set<String> headerNames() {
    return exchange.headerNames();
  }

  @Override
  public String peer() {
    return exchange.peer();
  }

  @Override
  public byte @Nullable [] body(long limit) throws IOException {
    return exchange.body(limit);
  }

  @Override
  public void setHeader(String name, String value) {
    exchange.setHeader(name, value);
  }

  @Override
  public void send(int status, String contentType, byte[] body) {
    answer.add(body, 0, body.length);
    exchange.send(status, contentType, body);
  }

  @Override
  public OutputStream stream(int status, String contentType) {
    return new FilterOutputStream(exchange.stream(status, contentType)) {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        answer.add(bytes, from, length);
        out.write(bytes, from, length);
      }

      @Override
      public void close() throws IOException {
        out.close();
      }
    };
  }

  @Override
  public boolean answered() {
    return exchange.answered();
  }

  @Override
  public void watch() {
    exchange.watch();
  }

  @Override
  public boolean connected() {
    return exchange.connected();
  }
}
