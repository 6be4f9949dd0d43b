package io.hadal.platform.rollout;

/** Hears of rollouts, for the audit log and alerts. Called in the transaction of the change. */
@FunctionalInterface
public interface RolloutListener {
  /**
   * Something happened.
   *
   * @param org organisation whose name it is about; empty for everybody's
   */
  void happened(RolloutEvent event, String org);
}
