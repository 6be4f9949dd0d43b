package io.hadal.platform.tenancy;

/** What a key may be used for. */
public enum Scope {
  INFERENCE("inference"),
  MODELS_READ("models:read"),
  USAGE_READ("usage:read"),
  FILES("files"),
  ADMIN("admin:*");

  private final String text;

  Scope(String text) {
    this.text = text;
  }

  /** The name in keys and requests. */
  public String text() {
    return text;
  }
}
