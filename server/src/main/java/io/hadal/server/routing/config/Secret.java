package io.hadal.server.routing.config;

/** A credential. Its text shows up nowhere by accident: no log, no message, no JSON. */
public final class Secret {
  private final String text;

  Secret(String text) {
    this.text = text;
  }

  /** The text, for the one place that sends it. */
  public String reveal() {
    return text;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret && secret.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return "[secret]";
  }
}
