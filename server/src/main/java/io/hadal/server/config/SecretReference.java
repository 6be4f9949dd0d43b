package io.hadal.server.config;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import io.hadal.platform.secrets.Secrets;
import java.nio.file.Path;

/**
 * Where a credential is, one of the forms of {@link Secrets}. Credentials themselves do not stand
 * in configuration files.
 */
public record SecretReference(String text) {
  /**
   * The credential.
   *
   * @param folder relative paths begin here
   * @throws FormatException when it is not there, or cannot stand in a header
   */
  public SecretText resolve(Path folder) {
    SecretText key = Secrets.read(text, folder, System.getenv());
    if (key.reveal().chars().anyMatch(c -> c < 0x21 || c > 0x7e)) {
      throw new FormatException(text, "holds no key of printable ASCII");
    }
    return key;
  }
}
