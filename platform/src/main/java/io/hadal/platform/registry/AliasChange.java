package io.hadal.platform.registry;

import java.time.Instant;

/**
 * A line of an alias's history: from that moment on the name meant that.
 *
 * @param org organisation whose name it is; empty for everybody's
 * @param seq counts the changes of the name from 1
 * @param kind what it points to
 * @param target id of the version or rollout; empty for nothing
 */
public record AliasChange(
    String org,
    String name,
    long seq,
    Kind kind,
    String target,
    Instant validFrom,
    String by,
    String reason) {
  /** What a name points to. */
  public enum Kind {
    VERSION,
    ROLLOUT,
    /** Nothing any more. */
    NONE
  }
}
