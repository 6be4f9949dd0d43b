package io.hadal.train.finetune;

import io.hadal.kernels.StorageType;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.ModelExport;
import io.hadal.train.Tuning;
import io.hadal.train.graph.ParameterSet;
import java.nio.file.Path;
import java.util.Map;

/** Trains every weight of a model that is there. */
final class FullTuning implements Tuning {
  private final BaseModel base;
  private final Path tokenizer;

  /**
   * @param tokenizer the base's tokenizer as a file
   */
  FullTuning(BaseModel base, Path tokenizer) {
    this.base = base;
    this.tokenizer = tokenizer;
  }

  @Override
  public Map<Integer, int[]> tables(ModelConfig model) {
    return base.tables();
  }

  @Override
  public ParameterSet begin(ParameterSet model, long seed, WorkerPool pool) {
    base.fill(model);
    return model;
  }

  @Override
  public void updated() {
    // The trained parameters are the model's own.
  }

  @Override
  public void export(ParameterSet model, Map<Integer, int[]> tables, Path folder) {
    ModelExport.write(model, tables, base.json(), tokenizer, StorageType.F32, folder);
  }
}
