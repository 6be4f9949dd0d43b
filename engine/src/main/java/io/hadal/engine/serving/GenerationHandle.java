package io.hadal.engine.serving;

/** A submitted request. All methods may be called from any thread and return at once. */
public interface GenerationHandle {

  /** Number of the request, unique within its dispatcher. */
  long id();

  /** Ends the request within one step; the listener still gets its ends. */
  void cancel();

  /** Leaves the request out of further steps; it keeps its memory, so not for long. */
  void pause();

  /** Takes a paused request back in. */
  void resume();
}
