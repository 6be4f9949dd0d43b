package io.hadal.platform.probe;

import io.hadal.formats.FormatException;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A running server with an OpenAI-like API.
 *
 * @param url its address, with or without {@code /v1}
 * @param key API key; null for none
 * @param model name to ask for
 * @param timeout longest time of one request
 */
public record ProbeTarget(String url, @Nullable String key, String model, Duration timeout) {
  public ProbeTarget {
    url = url.replaceFirst("/+$", "").replaceFirst("/v1$", "");
    try {
      URI uri = URI.create(url);
      String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
      if (uri.getHost() == null || !(scheme.equals("http") || scheme.equals("https"))) {
        throw new FormatException(url, "is no address of a server, like http://127.0.0.1:8080");
      }
    } catch (IllegalArgumentException e) {
      throw new FormatException(url, "is no address of a server, like http://127.0.0.1:8080", e);
    }
  }

  /** The address of a path such as {@code /v1/models}. */
  URI uri(String path) {
    return URI.create(url + path);
  }

  /** Without the key. */
  @Override
  public String toString() {
    return model + " at " + url;
  }
}
