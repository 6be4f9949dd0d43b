package io.hadal.server;

import io.hadal.server.wire.Call;
import io.hadal.server.wire.Dialect;
import java.io.IOException;

/**
 * What answers at a path.
 *
 * @param open true when no key is needed
 */
record Route(String method, Dialect dialect, String operation, boolean open, Handler handler) {
  /** Answers one call. */
  @FunctionalInterface
  interface Handler {
    void handle(Call call) throws IOException;
  }
}
