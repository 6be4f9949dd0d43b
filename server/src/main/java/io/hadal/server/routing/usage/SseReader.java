package io.hadal.server.routing.usage;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Cuts a stream into server-sent events and keeps every byte of them. */
public final class SseReader {
  private static final int FIRST_BUFFER = 16 << 10;

  private final InputStream in;
  private final int mostBytes;
  private byte[] buffer = new byte[FIRST_BUFFER];
  private int start;
  private int end;
  private int scanned;
  private boolean over;

  /**
   * An event.
   *
   * @param buffer holds it until the next one is read
   * @param from first byte
   * @param to byte behind the blank line that ends it
   * @param data its data lines, joined; null without one, as in comments
   * @param name its name; null without one
   */
  public record Event(
      byte[] buffer, int from, int to, byte @Nullable [] data, @Nullable String name) {
    public boolean isData(String text) {
      byte[] bytes = data;
      if (bytes == null || bytes.length != text.length()) {
        return false;
      }
      for (int i = 0; i < bytes.length; i++) {
        if (bytes[i] != text.charAt(i)) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * A reader.
   *
   * @param mostBytes longest event
   */
  public SseReader(InputStream in, int mostBytes) {
    this.in = in;
    this.mostBytes = mostBytes;
  }

  /**
   * The next event, as soon as it is complete; null at the end. What follows the last blank line is
   * no event, but for the word that ends an answer: some servers forget the line ends behind it.
   *
   * @throws IOException when the stream breaks or an event is too long
   */
  public @Nullable Event next() throws IOException {
    while (true) {
      int to = blankLine();
      if (to >= 0) {
        Event event = event(start, to);
        start = to;
        scanned = to;
        return event;
      }
      if (over && !endLastWord()) {
        return null;
      }
      if (!over) {
        fill();
      }
    }
  }

  /** True when another event is complete already, so that nothing needs to go out before it. */
  public boolean more() {
    return blankLine() >= 0;
  }

  /** Writes the line ends behind a last word that has none; false when it is something else. */
  private boolean endLastWord() {
    String rest = new String(buffer, start, Math.min(end - start, 16), StandardCharsets.ISO_8859_1);
    if (!rest.strip().matches("data: ?\\[DONE]")) {
      return false;
    }
    buffer = Arrays.copyOf(buffer, end + 2);
    buffer[end++] = '\n';
    buffer[end++] = '\n';
    return true;
  }

  private void fill() throws IOException {
    if (start > 0 && end == buffer.length) {
      System.arraycopy(buffer, start, buffer, 0, end - start);
      scanned -= start;
      end -= start;
      start = 0;
    }
    if (end == buffer.length) {
      if (buffer.length >= mostBytes) {
        throw new IOException("an event is longer than " + mostBytes + " bytes");
      }
      buffer = Arrays.copyOf(buffer, Math.min(mostBytes, 2 * buffer.length));
    }
    int n = in.read(buffer, end, buffer.length - end);
    if (n < 0) {
      over = true;
    } else {
      end += n;
    }
  }

  /** Place behind the first blank line; -1 when there is none yet. */
  private int blankLine() {
    for (int i = Math.max(start, scanned - 3); i < end; i++) {
      byte c = buffer[i];
      if (c != '\n' && c != '\r') {
        continue;
      }
      int next = lineEnd(i);
      if (next < end && (buffer[next] == '\n' || buffer[next] == '\r')) {
        int behind = lineEnd(next);
        // A carriage return at the end of what is known may be half a line end.
        if (buffer[behind - 1] == '\r' && behind == end && !over && crlf(i)) {
          break;
        }
        return behind;
      }
    }
    scanned = end;
    return -1;
  }

  private boolean crlf(int i) {
    return buffer[i] == '\r' && i + 1 < end && buffer[i + 1] == '\n';
  }

  private int lineEnd(int i) {
    return crlf(i) ? i + 2 : i + 1;
  }

  private Event event(int from, int to) {
    byte[] data = null;
    String name = null;
    int i = from;
    while (i < to) {
      int lineEnd = i;
      while (lineEnd < to && buffer[lineEnd] != '\n' && buffer[lineEnd] != '\r') {
        lineEnd++;
      }
      if (starts(i, lineEnd, "data:")) {
        byte[] line = Arrays.copyOfRange(buffer, valueStart(i + 5, lineEnd), lineEnd);
        data = data == null ? line : joined(data, line);
      } else if (starts(i, lineEnd, "event:")) {
        int value = valueStart(i + 6, lineEnd);
        name = new String(buffer, value, lineEnd - value, StandardCharsets.UTF_8);
      }
      i = lineEnd < to ? lineEnd(lineEnd) : to;
    }
    return new Event(buffer, from, to, data, name);
  }

  private static byte[] joined(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + 1 + b.length);
    both[a.length] = '\n';
    System.arraycopy(b, 0, both, a.length + 1, b.length);
    return both;
  }

  private int valueStart(int at, int lineEnd) {
    return at < lineEnd && buffer[at] == ' ' ? at + 1 : at;
  }

  private boolean starts(int from, int to, String text) {
    if (to - from < text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (buffer[from + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
