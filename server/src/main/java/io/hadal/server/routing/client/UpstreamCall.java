package io.hadal.server.routing.client;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One request. Any thread may close it, whatever it is doing; who waits for it gets an error. */
public final class UpstreamCall implements Closeable {
  private final UpstreamClient client;
  private final OutgoingRequest request;
  private final Duration patience;
  private final AtomicReference<@Nullable Connection> connection = new AtomicReference<>();
  private volatile boolean closed;

  UpstreamCall(UpstreamClient client, OutgoingRequest request, Duration patience) {
    this.client = client;
    this.request = request;
    this.patience = patience;
  }

  /**
   * Sends it and waits for the head of the answer. A kept connection that the upstream turns out to
   * have closed is replaced by a new one.
   *
   * @throws IOException when there is no answer
   */
  public UpstreamAnswer send() throws IOException {
    Connection kept = client.take();
    if (kept != null) {
      hold(kept);
      try {
        kept.patience(patience);
        return exchange(kept);
      } catch (IOException e) {
        drop();
        if (closed || kept.heard()) {
          throw e;
        }
      }
    }
    Connection fresh = client.open();
    hold(fresh);
    try {
      fresh.connect(client.connectTime(), patience);
      return exchange(fresh);
    } catch (IOException | RuntimeException e) {
      drop();
      throw e;
    }
  }

  private UpstreamAnswer exchange(Connection on) throws IOException {
    IOException unsent = null;
    try {
      on.send(request);
    } catch (IOException e) {
      // It may have answered before it closed: with an error, for instance.
      unsent = e;
    }
    try {
      ResponseHead head = ResponseHead.read(on);
      return new UpstreamAnswer(head, new AnswerBody(this, on, head));
    } catch (IOException e) {
      throw unsent == null ? e : unsent;
    }
  }

  private void hold(Connection now) throws IOException {
    connection.set(now);
    if (closed) {
      drop();
      throw new IOException("the request was cancelled");
    }
  }

  private void drop() {
    Connection held = connection.getAndSet(null);
    if (held != null) {
      held.close();
    }
  }

  /** The answer has been read. */
  void done(boolean reusable) {
    client.over(this);
    Connection held = connection.getAndSet(null);
    if (held == null) {
      return;
    }
    if (reusable) {
      client.keep(held);
    } else {
      held.close();
    }
  }

  /** Ends it; without effect when its answer has been read. */
  @Override
  public void close() {
    closed = true;
    client.over(this);
    drop();
  }
}
