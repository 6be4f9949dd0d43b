package io.hadal.platform.registry;

import java.time.Instant;
import java.util.Locale;

/**
 * What one probe has shown.
 *
 * @param feature name as in {@code supported_features}
 * @param detail why, in a few words; nothing of prompts or answers
 * @param millis time it took
 */
public record ProbeResult(
    String feature, Outcome outcome, String detail, long millis, Instant probedAt) {
  /** How it went. */
  public enum Outcome {
    PASSED,
    FAILED,
    /** It has no meaning for this model, such as a text longer than its context. */
    SKIPPED;

    /** The name in rows and JSON. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
