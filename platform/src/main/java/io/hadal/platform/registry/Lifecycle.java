package io.hadal.platform.registry;

import java.util.Locale;

/** Stages of a version, in order; it never goes back to an earlier one but from deprecated. */
public enum Lifecycle {
  /** May still change; answers to nobody. */
  DRAFT,
  /** Never changes any more. */
  ACTIVE,
  /** Answers, and says that it should not be used any more. */
  DEPRECATED,
  /** Answers no more. */
  RETIRED;

  /** The name in rows and JSON. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Lifecycle of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
