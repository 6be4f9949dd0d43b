package io.hadal.server.routing.client;

import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** What an upstream answers; its body has to be read to the end, or closed. */
public final class UpstreamAnswer {
  private final ResponseHead head;
  private final InputStream body;

  UpstreamAnswer(ResponseHead head, InputStream body) {
    this.head = head;
    this.body = body;
  }

  public int status() {
    return head.status();
  }

  /** Value of a header, several joined by commas; null without. */
  public @Nullable String header(String name) {
    return head.header(name);
  }

  /** A read brings what is there, and throws when the answer breaks off. */
  public InputStream body() {
    return body;
  }
}
