package io.hadal.platform.limits;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a limit counts. */
public enum Dimension {
  CONCURRENCY("requests at a time", Kind.RUNNING, false),
  RPM("requests per minute", Kind.REQUESTS, false),
  RPD("requests per day", Kind.REQUESTS, true),
  TPM_IN_UNCACHED("uncached input tokens per minute", Kind.TOKENS, false),
  TPM_OUT("output tokens per minute", Kind.TOKENS, false),
  TPM_TOTAL("tokens per minute", Kind.TOKENS, false),
  TPD("tokens per day", Kind.TOKENS, true);

  /** Units. */
  enum Kind {
    RUNNING,
    REQUESTS,
    TOKENS
  }

  private final String title;
  private final Kind kind;
  private final boolean daily;

  Dimension(String title, Kind kind, boolean daily) {
    this.title = title;
    this.kind = kind;
    this.daily = daily;
  }

  /** What it counts, in words. */
  public String title() {
    return title;
  }

  Kind kind() {
    return kind;
  }

  /** Whether it counts in days of UTC, else in minutes or at a time. */
  boolean daily() {
    return daily;
  }

  /** Whether it is spread over a minute, and may have more at once. */
  public boolean bursts() {
    return kind != Kind.RUNNING && !daily;
  }

  /** The name in settings. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The dimension of a name; null for none. */
  public static @Nullable Dimension of(String text) {
    for (Dimension dimension : values()) {
      if (dimension.text().equals(text)) {
        return dimension;
      }
    }
    return null;
  }
}
