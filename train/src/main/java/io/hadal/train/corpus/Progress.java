package io.hadal.train.corpus;

/** Receives how far long work has come. Called from one thread. */
public interface Progress {
  /** Nobody watches. */
  Progress NONE =
      new Progress() {
        @Override
        public void stage(String name, long total) {}

        @Override
        public void advance(long units) {}

        @Override
        public void note(String line) {}
      };

  /**
   * A stage begins.
   *
   * @param total units of work in it, 0 or more
   */
  void stage(String name, long total);

  /** More units of the current stage are done. */
  void advance(long units);

  /** Something the user should know. */
  void note(String line);
}
