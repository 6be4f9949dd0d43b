package io.hadal.platform.rollout;

import io.hadal.platform.registry.Split.Stickiness;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A new version on its way.
 *
 * @param org organisation whose name it is; empty for everybody's
 * @param percent part of sessions, projects or keys that belong to the candidate
 * @param stickiness what keeps its version
 */
public record Rollout(
    String id,
    String org,
    String alias,
    String baseline,
    String candidate,
    Mode mode,
    int percent,
    Stickiness stickiness,
    List<Guard> guards,
    State state,
    Instant createdAt,
    String createdBy,
    @Nullable Instant startedAt,
    @Nullable Instant endedAt) {
  public Rollout {
    guards = List.copyOf(guards);
  }

  /** How the candidate meets requests. */
  public enum Mode {
    /** It answers a part of them. */
    CANARY,
    /** It gets copies, and its answers are compared and thrown away. */
    SHADOW,
    /** It answers none of them, and then all. */
    BLUE_GREEN;

    /** The name in rows and JSON. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Where it is: from a draft to running, from there to one of the ends. */
  public enum State {
    DRAFT,
    RUNNING,
    PROMOTED,
    ROLLED_BACK;

    /** The name in rows and JSON. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
