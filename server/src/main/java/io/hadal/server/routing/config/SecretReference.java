package io.hadal.server.routing.config;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import io.hadal.platform.secrets.Secrets;
import java.nio.file.Path;

/**
 * Where a credential is, one of the forms of {@link Secrets}. Credentials themselves do not stand
 * in configuration files.
 */
public record SecretReference(String text) {
  public SecretReference {
    if (!Secrets.isReference(text)) {
      // What stands there may be a key, so it is not repeated.
      throw new FormatException(
          "keys", "must be references, " + Secrets.FORMS + "; a key itself does not belong here");
    }
  }

  /**
   * The credential.
   *
   * @param folder relative paths begin here
   * @throws FormatException when it is not there
   */
  public SecretText resolve(Path folder) {
    return secret(Secrets.read(text, folder, System.getenv()).reveal());
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
