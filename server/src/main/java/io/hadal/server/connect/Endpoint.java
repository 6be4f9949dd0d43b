package io.hadal.server.connect;

import java.net.URI;

/**
 * A server as clients reach it.
 *
 * @param url scheme, host and port, without a slash at the end
 * @param model the name to ask for
 * @param context tokens that a conversation may have
 * @param key what to send; servers without keys take anything
 */
public record Endpoint(String url, String model, int context, String key) {
  /** Sent where a client insists on a key and the server has none. */
  public static final String NO_KEY = "none";

  /**
   * @throws IllegalArgumentException when the address is not {@code http(s)://host[:port]}
   */
  public Endpoint {
    URI uri = URI.create(url);
    String scheme = uri.getScheme();
    if (!"http".equals(scheme) && !"https".equals(scheme)
        || uri.getHost() == null
        || uri.getQuery() != null
        || uri.getFragment() != null) {
      throw new IllegalArgumentException("is not http://HOST:PORT or https://HOST:PORT");
    }
    for (String text : new String[] {url, model, key}) {
      if (text.isBlank() || text.chars().anyMatch(c -> c < ' ' || c == '"' || c == '\\')) {
        throw new IllegalArgumentException(
            "address, model and key must not be empty and hold no quotes or control characters");
      }
    }
    url = url.replaceFirst("/+$", "");
  }

  /** Where OpenAI clients begin. */
  public String v1() {
    return url + "/v1";
  }
}
