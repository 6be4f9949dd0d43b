package io.hadal.train.finetune;

import io.hadal.kernels.StorageType;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.ModelExport;
import io.hadal.train.Tuning;
import io.hadal.train.graph.ParameterSet;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Trains the block drafter of a model, or a new one, and nothing else. */
final class DrafterTuning implements Tuning {
  private final BaseModel base;
  private final JsonNode config;
  private final Path tokenizer;

  /**
   * @param config of the model with its drafter
   * @param tokenizer the base's tokenizer as a file
   */
  DrafterTuning(BaseModel base, JsonNode config, Path tokenizer) {
    this.base = base;
    this.config = config;
    this.tokenizer = tokenizer;
  }

  @Override
  public Map<Integer, int[]> tables(ModelConfig model) {
    return base.tables();
  }

  @Override
  public ParameterSet begin(ParameterSet model, long seed, WorkerPool pool) {
    base.fill(model);
    return model.drafterAlone();
  }

  @Override
  public boolean learnsTrunk() {
    return false;
  }

  @Override
  public void updated() {
    // The trained parameters are the model's own.
  }

  @Override
  public void export(ParameterSet model, Map<Integer, int[]> tables, Path folder) {
    ModelExport.write(model, tables, config, tokenizer, StorageType.F32, folder);
  }
}
