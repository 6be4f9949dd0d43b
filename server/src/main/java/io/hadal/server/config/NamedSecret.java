package io.hadal.server.config;

import io.hadal.formats.FormatException;
import io.hadal.platform.secrets.SecretPlace;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A secret that a configuration file refers to.
 *
 * @param field its field in the file
 * @param reference where it is
 * @param folder relative paths begin here
 * @param made whether the first start writes the file when it is not there
 */
public record NamedSecret(String field, String reference, Path folder, boolean made) {
  /**
   * A finding about a secret.
   *
   * @param error whether the file cannot be used so; else it depends on where it is used
   */
  public record Finding(String text, boolean error) {}

  /** What is wrong with it here; null for nothing, and for what only another service knows. */
  public @Nullable Finding check() {
    return switch (SecretPlace.of(reference, folder)) {
      case SecretPlace.Variable variable -> variable(variable.name());
      case SecretPlace.Content content -> file(content.file());
      case SecretPlace.Kept _ -> null;
    };
  }

  private @Nullable Finding variable(String name) {
    String value = System.getenv(name);
    // A file may be checked where the server does not run.
    return value == null || value.isBlank()
        ? new Finding(
            field + ": " + reference + " is not set here; set it where 'hadal serve' runs", false)
        : null;
  }

  private @Nullable Finding file(Path file) {
    if (!Files.exists(file)) {
      return made
          ? new Finding(
              field
                  + ": "
                  + file
                  + " does not exist; the first start makes it, other nodes need a copy",
              false)
          : new Finding(
              field + ": " + file + " does not exist; write the secret into it, for its owner only",
              true);
    }
    if (!Files.isReadable(file)) {
      return new Finding(field + ": " + file + " cannot be read; make its owner who serves", true);
    }
    if (made) {
      return null;
    }
    try {
      var _ = new SecretReference(reference).resolve(folder);
      return null;
    } catch (FormatException e) {
      return new Finding(field + ": " + e.getMessage(), true);
    }
  }
}
