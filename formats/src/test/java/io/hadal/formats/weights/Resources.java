package io.hadal.formats.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files of the test resource folder {@code weights}. */
final class Resources {
  private Resources() {}

  static Path path(String name) {
    URL url = Resources.class.getResource("/weights/" + name);
    if (url == null) {
      throw new IllegalArgumentException("no resource " + name);
    }
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }

  static byte[] bytes(String name) {
    try {
      return Files.readAllBytes(path(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
