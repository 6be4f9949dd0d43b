package io.hadal.server.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.node.ObjectNode;

/** Server-sent events, or lines of JSON; each goes out at once. */
final class EventStream {
  private final OutputStream out;
  private volatile long writingSince;

  EventStream(OutputStream out) {
    this.out = out;
  }

  /** An event without a name. */
  void data(ObjectNode json) throws IOException {
    write("data: " + WireJson.text(json) + "\n\n");
  }

  void data(String text) throws IOException {
    write("data: " + text + "\n\n");
  }

  /** An event with a name. */
  void event(String name, ObjectNode json) throws IOException {
    write("event: " + name + "\ndata: " + WireJson.text(json) + "\n\n");
  }

  void comment(String text) throws IOException {
    write(": " + text + "\n\n");
  }

  /** A line of JSON. */
  void line(ObjectNode json) throws IOException {
    write(WireJson.text(json) + "\n");
  }

  void blankLine() throws IOException {
    write("\n");
  }

  private void write(String text) throws IOException {
    writingSince = System.nanoTime();
    try {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (RuntimeException e) {
      // Helidon's own ways to say that the connection is gone.
      throw new IOException(e);
    } finally {
      writingSince = 0;
    }
  }

  /** Nanoseconds the write in progress has taken; 0 without one. Any thread. */
  long blockedNanos() {
    long since = writingSince;
    return since == 0 ? 0 : System.nanoTime() - since;
  }

  void close() throws IOException {
    try {
      out.close();
    } catch (RuntimeException e) {
      throw new IOException(e);
    }
  }
}
