package io.hadal.train;

import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.ParameterSet;
import java.nio.file.Path;
import java.util.Map;

/** How a {@link Trainer} goes on from a model that is there, instead of making a new one. */
public interface Tuning {

  /**
   * Experts of the hash-routed layers.
   *
   * @return {@code [vocab, active]} by layer
   */
  Map<Integer, int[]> tables(ModelConfig model);

  /**
   * Gives all parameters their first values.
   *
   * @return those that are trained, which need not be parameters of the model themselves
   */
  ParameterSet begin(ParameterSet model, long seed, WorkerPool pool);

  /** Whether anything but the drafter is trained. */
  default boolean learnsTrunk() {
    return true;
  }

  /** The trained parameters have new values; the model's have to follow. */
  void updated();

  /** Writes what was learnt to the folder of the run. */
  void export(ParameterSet model, Map<Integer, int[]> tables, Path folder);
}
