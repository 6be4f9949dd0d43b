package io.hadal.platform.secrets;

import io.hadal.formats.FormatException;
import java.util.Map;

/**
 * A service that keeps secrets; {@code kms:NAME:REST} asks the one of this name for the rest.
 * Others than the built-in ones are found as services of the JVM ({@link java.util.ServiceLoader}).
 */
public interface SecretProvider {
  /** Its name in references: lower case letters, digits and hyphens. */
  String name();

  /**
   * A secret. Called at the start, and when a configuration is read again.
   *
   * @param rest what stands behind the name in the reference
   * @param environment variables of the process
   * @return the secret as text
   * @throws FormatException when there is none; its message must not hold the secret
   */
  String read(String rest, Map<String, String> environment);
}
