package io.hadal.platform.secrets;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * References to secrets: {@code env:NAME}, {@code file:PATH}, or {@code kms:PROVIDER:REST} for what
 * a service keeps. Secrets themselves do not stand in configuration files.
 */
public final class Secrets {
  /** The forms, for messages. */
  public static final String FORMS = "env:NAME, file:PATH or kms:PROVIDER:NAME";

  private static final Pattern REFERENCE =
      Pattern.compile("env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:.+|kms:[a-z0-9-]{1,32}:.+");
  private static final int MOST_BYTES = 16 << 10;
  private static final List<SecretProvider> BUILT_IN =
      List.of(new VaultSecrets(), new CommandSecrets());

  private Secrets() {}

  /** Whether a text is a reference. */
  public static boolean isReference(String text) {
    return REFERENCE.matcher(text).matches();
  }

  /**
   * A secret, without white space around it.
   *
   * @param folder relative paths begin here
   * @param environment variables of the process
   * @throws FormatException when it is not there; what is no reference is not shown, for it may be
   *     the secret itself
   */
  public static SecretText read(String reference, Path folder, Map<String, String> environment) {
    String value = text(reference, folder, environment).strip();
    if (value.isEmpty()) {
      throw new FormatException(reference, "is empty");
    }
    return new SecretText(value);
  }

  private static String text(String reference, Path folder, Map<String, String> environment) {
    return switch (SecretPlace.of(reference, folder)) {
      case SecretPlace.Variable variable -> {
        String value = environment.get(variable.name());
        if (value == null || value.isBlank()) {
          throw new FormatException(reference, "is not set in the environment");
        }
        yield value;
      }
      case SecretPlace.Content content -> {
        try (InputStream in = Files.newInputStream(content.file())) {
          yield bounded(in, reference);
        } catch (IOException e) {
          throw new FormatException(reference, "cannot be read", e);
        }
      }
      case SecretPlace.Kept kept ->
          provider(kept.provider(), reference).read(kept.rest(), environment);
    };
  }

  private static SecretProvider provider(String name, String reference) {
    return Stream.concat(
            BUILT_IN.stream(),
            ServiceLoader.load(SecretProvider.class).stream().map(ServiceLoader.Provider::get))
        .filter(one -> one.name().equals(name))
        .findFirst()
        .orElseThrow(
            () -> new FormatException(reference, "names no provider: vault, exec or one of yours"));
  }

  /** What a stream has, as long as that is no more than a secret may be. */
  static String bounded(InputStream in, String at) throws IOException {
    byte[] bytes = in.readNBytes(MOST_BYTES + 1);
    if (bytes.length > MOST_BYTES) {
      throw new FormatException(at, "is too long for a secret");
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
