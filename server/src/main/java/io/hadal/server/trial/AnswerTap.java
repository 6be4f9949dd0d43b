package io.hadal.server.trial;

import io.hadal.server.http.Exchange;
import io.hadal.server.http.ForwardingExchange;
import io.hadal.server.routing.config.Operation;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * An exchange of a request that takes part in a rollout. It remembers the answer until that has
 * been looked at.
 */
public final class AnswerTap extends ForwardingExchange {
  /** Longest answer that is looked at. */
  private static final int MOST_BYTES = 1 << 20;

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
    super(exchange);
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
  public void send(int status, String contentType, byte[] body) {
    answer.add(body, 0, body.length);
    super.send(status, contentType, body);
  }

  @Override
  public OutputStream stream(int status, String contentType) {
    return new FilterOutputStream(super.stream(status, contentType)) {
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
}
