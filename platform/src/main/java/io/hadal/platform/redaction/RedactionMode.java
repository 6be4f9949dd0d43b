package io.hadal.platform.redaction;

import io.hadal.formats.FormatException;
import java.util.Locale;

/** What happens to what detectors find. */
public enum RedactionMode {
  /** Nothing is looked for. */
  OFF,
  /** It is counted. */
  DETECT,
  /** It is replaced by its kind: {@code [EMAIL]}. */
  MASK,
  /** It is replaced by a placeholder, {@code <EMAIL_1>}, and put back into the answer. */
  PSEUDONYMISE,
  /** The request is refused. */
  BLOCK;

  /**
   * The mode with a name in small letters.
   *
   * @throws FormatException when there is none
   */
  public static RedactionMode of(String name) {
    for (RedactionMode mode : values()) {
      if (mode.text().equals(name)) {
        return mode;
      }
    }
    throw new FormatException(
        "redaction", "must be off, detect, mask, pseudonymise or block, not '" + name + "'");
  }

  /** The name in policies. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
