package io.hadal.server.routing.config;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a credential is: {@code env:NAME} or {@code file:PATH}. Credentials themselves do not stand
 * in configuration files.
 */
public record SecretReference(String text) {
  private static final long MOST_BYTES = 16 << 10;

  public SecretReference {
    boolean env = text.matches("env:[A-Za-z_][A-Za-z0-9_]{0,127}");
    if (!env && !(text.startsWith("file:") && text.length() > 5)) {
      // What stands there may be a key, so it is not repeated.
      throw new FormatException(
          "keys", "must be references, env:NAME or file:PATH; a key itself does not belong here");
    }
  }

  /**
   * The credential.
   *
   * @param folder relative paths begin here
   * @throws FormatException when it is not there
   */
  public SecretText resolve(Path folder) {
    if (text.startsWith("env:")) {
      String value = System.getenv(text.substring(4));
      if (value == null || value.isBlank()) {
        throw new FormatException(text, "is not set in the environment");
      }
      return secret(value);
    }
    try {
      Path file = folder.resolve(text.substring(5));
      if (Files.size(file) > MOST_BYTES) {
        throw new FormatException(text, "is too long for a key");
      }
      return secret(Files.readString(file));
    } catch (IOException | RuntimeException e) {
      if (e instanceof FormatException known) {
        throw known;
      }
      throw new FormatException(text, "cannot be read", e);
    }
  }

  private SecretText secret(String value) {
    String key = value.strip();
    // It goes into a header.
    if (key.isEmpty() || key.chars().anyMatch(c -> c < 0x21 || c > 0x7e)) {
      throw new FormatException(text, "holds no key of printable ASCII");
    }
    return new SecretText(key);
  }
}
