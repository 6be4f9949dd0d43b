package io.hadal.server.http;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** One request and its answer. Used by one thread, except where stated. */
public interface Exchange {

  String method();

  /** Decoded path, without the query. */
  String path();

  /** Path and query as they were sent, with their percent signs. */
  String target();

  /** Value of a query parameter; null without. */
  @Nullable String query(String name);

  /** Value of a header, several joined by commas; null without. */
  @Nullable String header(String name);

  /** Names of the request's headers in lower case; none where they cannot be listed. */
  default Set<String> headerNames() {
    return Set.of();
  }

  /** Address of the client as far as known proxies are believed, without port. */
  String peer();

  /**
   * Reads the whole body as it was sent.
   *
   * @return null when it is longer than the limit; the connection ends with the answer then
   */
  byte @Nullable [] body(long limit) throws IOException;

  /**
   * The same, for who wants to know before memory is taken.
   *
   * @param grows told the bytes that the body may have next, each time before they are read; what
   *     it throws ends the reading
   */
  default byte @Nullable [] body(long limit, LongConsumer grows) throws IOException {
    return body(limit);
  }

  /** Says that the body has been turned into what is kept of it. */
  default void bodyTaken() {}

  /** Sets a header of the answer; before it is sent. */
  void setHeader(String name, String value);

  /** Sends a whole answer. */
  void send(int status, String contentType, byte[] body);

  /**
   * Begins an answer of unknown length. Headers go out with the first flush, and every flush goes
   * out at once.
   */
  OutputStream stream(int status, String contentType);

  /** True when an answer has begun. */
  boolean answered();

  /** Status of the answer; 0 before it has begun, and where nobody keeps it. */
  default int status() {
    return 0;
  }

  /** Starts to look whether the other end stays connected; after the body has been read. */
  void watch();

  /** False when the other end is known to have gone away. Any thread. */
  boolean connected();
}
