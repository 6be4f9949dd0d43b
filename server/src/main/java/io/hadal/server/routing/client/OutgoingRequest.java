package io.hadal.server.routing.client;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A request to an upstream. */
public final class OutgoingRequest {
  private final String method;
  private final URI uri;
  private final Map<String, String> headers = new LinkedHashMap<>();
  private byte[] body = {};

  /**
   * A request without a body.
   *
   * @param uri absolute, of the upstream that is asked
   */
  public OutgoingRequest(String method, URI uri) {
    this.method = method;
    this.uri = uri;
  }

  /**
   * Sets a header, in place of one of the same name.
   *
   * @throws IllegalArgumentException when it would be more than one header
   */
  public void header(String name, String value) {
    if (!isToken(name) || !isText(value)) {
      throw new IllegalArgumentException("header " + name + " cannot be sent");
    }
    headers.put(name.toLowerCase(Locale.ROOT), value);
  }

  private static boolean isToken(String name) {
    for (int i = 0; i < name.length(); i++) {
      if (!inName(name.charAt(i))) {
        return false;
      }
    }
    return !name.isEmpty();
  }

  private static boolean isText(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < 0x20 && c != '\t') || c == 0x7f || c > 0xff) {
        return false;
      }
    }
    return true;
  }

  private static boolean inName(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
  }

  /** Sets what is sent behind the headers. */
  public void body(byte[] bytes) {
    body = bytes;
  }

  byte[] body() {
    return body;
  }

  /**
   * Request line and headers.
   *
   * @param whole whether the whole address stands in the request line, for a proxy
   */
  byte[] head(boolean whole) {
    StringBuilder head = new StringBuilder(512);
    head.append(method).append(' ').append(whole ? uri.toString() : target()).append(" HTTP/1.1");
    head.append("\r\nhost: ").append(uri.getHost());
    if (uri.getPort() >= 0) {
      head.append(':').append(uri.getPort());
    }
    if (!headers.containsKey("user-agent")) {
      head.append("\r\nuser-agent: hadal");
    }
    headers.forEach((name, value) -> head.append("\r\n").append(name).append(": ").append(value));
    if (body.length > 0 || method.equals("POST")) {
      head.append("\r\ncontent-length: ").append(body.length);
    }
    return head.append("\r\n\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private String target() {
    String path = uri.getRawPath();
    String start = path == null || path.isEmpty() ? "/" : path;
    return uri.getRawQuery() == null ? start : start + "?" + uri.getRawQuery();
  }
}
