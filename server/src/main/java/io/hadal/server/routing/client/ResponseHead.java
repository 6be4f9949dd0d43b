package io.hadal.server.routing.client;

import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Status and headers of an answer.
 *
 * @param persistent whether its version of HTTP keeps connections when nothing is said
 * @param headers by name, in any case; several of a name are joined by commas
 */
record ResponseHead(int status, boolean persistent, Map<String, String> headers) {
  private static final int MOST_LINE = 32 << 10;
  private static final int MOST_HEAD = 256 << 10;
  private static final int MOST_INTERIM = 16;

  /**
   * Reads the next one; interim answers are passed over.
   *
   * @throws IOException when it is none
   */
  static ResponseHead read(Connection connection) throws IOException {
    for (int i = 0; i < MOST_INTERIM; i++) {
      ResponseHead head = one(connection);
      if (head.status >= 200) {
        return head;
      }
    }
    throw new IOException("the upstream sends interim answers only");
  }

  private static ResponseHead one(Connection connection) throws IOException {
    String line = connection.line(MOST_LINE);
    boolean http = line.startsWith("HTTP/1.") && line.length() >= 12 && line.charAt(8) == ' ';
    int status = http ? number(line.substring(9, 12), 10) : -1;
    if (status < 100 || (line.length() > 12 && line.charAt(12) != ' ')) {
      throw new IOException("the upstream does not speak HTTP/1.1");
    }
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    int size = 0;
    for (String next = connection.line(MOST_LINE);
        !next.isEmpty();
        next = connection.line(MOST_LINE)) {
      size += next.length() + 32;
      int colon = next.indexOf(':');
      if (colon < 1 || size > MOST_HEAD || next.charAt(0) == ' ' || next.charAt(0) == '\t') {
        throw new IOException("the upstream's headers are broken or too long");
      }
      headers.merge(
          next.substring(0, colon).strip(),
          next.substring(colon + 1).strip(),
          (a, b) -> a + ", " + b);
    }
    return new ResponseHead(status, line.charAt(7) != '0', headers);
  }

  /** A whole number; -1 when it is none. */
  static long number(String text, int radix, int digits) {
    if (text.isEmpty() || text.length() > digits) {
      return -1;
    }
    long value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = Character.digit(text.charAt(i), radix);
      if (digit < 0 || text.charAt(i) > 0x7f) {
        return -1;
      }
      value = value * radix + digit;
    }
    return value;
  }

  private static int number(String text, int radix) {
    return (int) number(text, radix, 3);
  }

  @Nullable String header(String name) {
    return headers.get(name);
  }

  /** Whether the connection can be used again behind the answer. */
  boolean reusable() {
    String connection = headers.get("connection");
    if (connection == null) {
      return persistent;
    }
    for (String word : connection.split(",", -1)) {
      if (word.strip().equalsIgnoreCase("close")) {
        return false;
      }
    }
    return persistent || connection.toLowerCase(Locale.ROOT).contains("keep-alive");
  }

  /** Whether the body comes in chunks. */
  boolean chunked() throws IOException {
    String coding = headers.get("transfer-encoding");
    if (coding != null && !coding.equalsIgnoreCase("chunked")) {
      throw new IOException("the upstream uses an unknown transfer coding");
    }
    return coding != null;
  }

  /** Length of the body; -1 when it is not said. */
  long length() throws IOException {
    if (status == 204 || status == 304) {
      return 0;
    }
    String text = headers.get("content-length");
    long length = text == null ? -1 : number(text, 10, 18);
    if (text != null && length < 0) {
      throw new IOException("the upstream's content-length is no number");
    }
    return length;
  }
}
