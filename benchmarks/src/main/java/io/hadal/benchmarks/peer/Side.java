package io.hadal.benchmarks.peer;

/** One side of a comparison: the same work on its own copy of the weights. */
interface Side {
  String name();

  /**
   * Multiplies with the weights of one unit.
   *
   * @return processor time of the thread that did it, in nanoseconds
   */
  long run(int unit);

  /** What the last run has computed: [tokens, rows], or [tokens, used, rows] with experts. */
  float[] output();
}
