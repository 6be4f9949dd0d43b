package io.hadal.server.http;

import java.io.IOException;

/** Answers requests, on a thread per request that may block. */
@FunctionalInterface
public interface HttpHandler {
  /**
   * Answers one request.
   *
   * @throws IOException when the other end has gone away
   */
  void handle(Exchange exchange) throws IOException;
}
