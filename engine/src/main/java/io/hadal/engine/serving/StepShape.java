package io.hadal.engine.serving;

/** How a step is divided between answers and prompts: rules that simulations share. */
final class StepShape {
  private StepShape() {}

  /** Answers that a step takes at most, of its room in tokens. */
  static int answers(int room, boolean prompts) {
    return prompts ? Math.max(1, room * 3 / 4) : room;
  }

  /** Prompt tokens that a step takes at most, beside this many rows of answers. */
  static int promptTokens(int room, int rows, StepBudget budget) {
    return Math.min(room - rows, rows == 0 ? room : budget.promptTokens());
  }

  /** Tokens from a length to the next state that is retained. */
  static int untilBoundary(int length, int interval) {
    return interval - length % interval;
  }
}
