package io.hadal.engine.serving;

/** Is told by a dispatcher how long its steps took, on the engine's thread: it has to be quick. */
public interface StepObserver {
  /** Who looks at nothing. */
  StepObserver NONE = (size, nanos) -> {};

  /**
   * A step is over.
   *
   * @param nanos all of it: choosing what it computes, computing, handing tokens out
   */
  void step(StepSize size, long nanos);

  /** There are no more. */
  default void ended() {}
}
