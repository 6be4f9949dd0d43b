package io.hadal.server.routing;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An attempt of which the client has seen nothing.
 *
 * @param status what the upstream said; 0 when it said nothing
 * @param body its words
 * @param headers headers of them that concern the client
 * @param waitMillis how long it asks to wait; 0 for no advice
 * @param foreign whether it was asked in another dialect than the client's
 */
record Failure(
    Kind kind,
    int status,
    byte[] body,
    @Nullable String contentType,
    Map<String, String> headers,
    long waitMillis,
    boolean foreign) {
  /** What went wrong. */
  enum Kind {
    /** No connection. */
    UNREACHABLE,
    /** No first token in time. */
    TIMEOUT,
    /** A status of 400 or more. */
    STATUS,
    /** An answer that is none: broken off, malformed, or an error behind status 200. */
    BROKEN
  }

  static Failure of(Kind kind) {
    return new Failure(kind, 0, new byte[0], null, Map.of(), 0, false);
  }

  /** Whether another attempt may succeed where this one failed. */
  boolean retryable() {
    return kind != Kind.STATUS
        || switch (status) {
          case 408, 429, 500, 502, 503, 504, 529 -> true;
          default -> false;
        };
  }

  /** Whether it concerns our credentials there, of which the client knows nothing. */
  boolean ofKey() {
    return kind == Kind.STATUS && (status == 401 || status == 402);
  }

  /** Whether the breaker counts it: what a client or a key did wrong does not. */
  boolean ofUpstream() {
    return kind != Kind.STATUS || (retryable() && status != 429);
  }

  /** Label of the metric. */
  String label() {
    return kind == Kind.STATUS ? "status_" + status : kind.name().toLowerCase(Locale.ROOT);
  }
}
