package io.hadal.engine.serving;

import java.time.Duration;

/**
 * How many prompt tokens a step may take beside the answers: as many as keep it within the target,
 * learnt from the steps before. It changes how fast tokens come, never which.
 */
final class StepBudget {
  /** Fewer would not pay for reading the weights. */
  private static final int LEAST = 16;

  private volatile double target;
  private final int most;
  private double tokens;

  StepBudget(Duration target, int most) {
    this.target = target.toNanos();
    this.most = most;
    this.tokens = Math.min(most, 2 * LEAST);
  }

  /** Another target, from the next step on. */
  void target(Duration time) {
    target = time.toNanos();
  }

  /** Prompt tokens beside running answers. */
  int promptTokens() {
    return Math.min(most, Math.max(LEAST, (int) tokens));
  }

  /** Learns from a step that took this many prompt tokens beside running answers. */
  void learn(int promptTokens, long nanos) {
    if (promptTokens == 0) {
      return;
    }
    // At the fixed point a step takes the target, whatever part of it does not depend on tokens.
    double next = promptTokens * Math.clamp(target / Math.max(1, nanos), 0.5, 1.5);
    if (promptTokens == promptTokens() || next < promptTokens || next > tokens) {
      tokens = Math.max(LEAST, Math.min(most, next));
    }
  }
}
