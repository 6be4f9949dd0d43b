package io.hadal.server.http;

/** What speaks HTTP. */
public enum HttpServerKind {
  /** Helidon SE, with TLS; a client that goes away is noticed within a step. */
  HELIDON,

  /**
   * The JDK's own server: plain HTTP/1.1, no limit of connections, and a client that goes away is
   * noticed when something is written to it.
   */
  JDK
}
