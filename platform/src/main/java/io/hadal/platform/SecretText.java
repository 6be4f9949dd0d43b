package io.hadal.platform;

import org.jspecify.annotations.Nullable;

/**
 * A text that must not show up anywhere by accident: {@link #toString} and with it logs, messages
 * and debuggers see a placeholder.
 */
public final class SecretText {
  /** What stands for a secret. */
  public static final String REDACTED = "[redacted]";

  private final String text;

  public SecretText(String text) {
    this.text = text;
  }

  /** The text itself, for those who need it. */
  public String reveal() {
    return text;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SecretText secret && secret.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return REDACTED;
  }
}
