package io.hadal.platform.alert;

import java.util.Locale;

/** What alerts are about; each kind may have recipients of its own. */
public enum AlertRule {
  /** A budget has reached a percentage of its limit. */
  BUDGET,
  /** A backend serves a version worse than before, or than others do. */
  QUALITY,
  /** An upstream refuses a key. */
  UPSTREAM_KEY,
  /** A version ends soon. */
  DEPRECATION,
  /** An administrator wants to see whether alerts arrive. */
  TEST;

  /** The name as files and JSON have it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
