package io.hadal.server.wire;

import java.io.IOException;

/** The client has closed the connection. */
public final class ClientGoneException extends IOException {
  private static final long serialVersionUID = 1L;

  public ClientGoneException() {
    super("the client has gone away");
  }
}
