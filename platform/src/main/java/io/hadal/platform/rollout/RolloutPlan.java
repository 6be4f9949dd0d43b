package io.hadal.platform.rollout;

import io.hadal.platform.registry.Split.Stickiness;
import java.util.List;

/**
 * What a rollout shall do.
 *
 * @param org organisation whose name it is; empty for everybody's
 * @param alias name whose version changes
 * @param candidate version it shall point to
 * @param percent part of the keys that belong to the candidate, 0 to 100
 * @param stickiness what keeps its version
 */
public record RolloutPlan(
    String org,
    String alias,
    String candidate,
    Rollout.Mode mode,
    int percent,
    Stickiness stickiness,
    List<Guard> guards) {
  public RolloutPlan {
    guards = List.copyOf(guards);
  }
}
