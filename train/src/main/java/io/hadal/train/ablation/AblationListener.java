package io.hadal.train.ablation;

import io.hadal.train.TrainListener;

/** Watches a study; called on its thread. */
public interface AblationListener {
  /**
   * A run.
   *
   * @param name of its folder
   * @param number from 1
   * @param count of all runs
   */
  record Run(String name, int number, int count) {}

  /** A run begins or goes on; the result watches its steps. */
  TrainListener started(Run run, long step);

  /** A run of other settings is thrown away. */
  void discarded(Run run);

  /** A run is done, now or earlier. */
  void finished(Run run, RunResult result);
}
