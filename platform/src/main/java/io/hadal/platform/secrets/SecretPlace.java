package io.hadal.platform.secrets;

import io.hadal.formats.FormatException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Where a secret is: what a reference, one of the forms of {@link Secrets}, says. */
public sealed interface SecretPlace {
  /** {@code env:NAME}: a variable of the environment. */
  record Variable(String name) implements SecretPlace {}

  /** {@code file:PATH}: the content of a file. */
  record Content(Path file) implements SecretPlace {}

  /** {@code kms:PROVIDER:REST}: what a {@link SecretProvider} keeps. */
  record Kept(String provider, String rest) implements SecretPlace {}

  /**
   * The place that a reference names.
   *
   * @param folder relative paths begin here
   * @throws FormatException when it is no reference; its text is not shown, for it may be the
   *     secret itself
   */
  static SecretPlace of(String reference, Path folder) {
    if (!Secrets.isReference(reference)) {
      throw new FormatException("secret", "must be " + Secrets.FORMS + ", not the secret itself");
    }
    int colon = reference.indexOf(':');
    String rest = reference.substring(colon + 1);
    return switch (reference.substring(0, colon)) {
      case "env" -> new Variable(rest);
      case "file" -> new Content(path(reference, rest, folder));
      default -> {
        int end = rest.indexOf(':');
        yield new Kept(rest.substring(0, end), rest.substring(end + 1));
      }
    };
  }

  private static Path path(String reference, String path, Path folder) {
    try {
      return folder.resolve(path);
    } catch (InvalidPathException e) {
      throw new FormatException(reference, "is no path", e);
    }
  }
}
