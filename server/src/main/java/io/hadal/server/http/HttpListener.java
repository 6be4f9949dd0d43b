package io.hadal.server.http;

/** A listening server. */
public interface HttpListener extends AutoCloseable {

  /** The port it listens at. */
  int port();

  /** Stops at once; open connections are closed. */
  @Override
  void close();
}
