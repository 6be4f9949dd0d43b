package io.hadal.platform.rollout;

/** Hears of rollouts, for the audit log and alerts. Called after the change is durable. */
@FunctionalInterface
public interface RolloutListener {
  void happened(RolloutEvent event);
}
