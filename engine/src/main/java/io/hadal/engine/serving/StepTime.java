package io.hadal.engine.serving;

/** How long a step takes, for simulations. */
@FunctionalInterface
public interface StepTime {
  /**
   * Nanoseconds of a step.
   *
   * @param promptTokens tokens of prompts
   * @param promptContext mean tokens that were there before them
   * @param answers answers that get one token each
   * @param answerContext mean length of their timelines
   */
  double nanos(int promptTokens, double promptContext, int answers, double answerContext);

  /** Nanoseconds of a step of a size. */
  default double nanos(StepSize size) {
    return nanos(size.promptTokens(), size.promptContext(), size.answers(), size.answerContext());
  }
}
