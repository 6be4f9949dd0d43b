package io.hadal.train.finetune;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.StoredTokenizer;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.weights.Adapter;
import io.hadal.train.EngramModules;
import io.hadal.train.ModelExport;
import io.hadal.train.graph.EngramModule;
import io.hadal.train.graph.TrainingGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Writes a checkpoint and an adapter as one model. */
public final class AdapterMerge {
  private AdapterMerge() {}

  /**
   * Writes the merged model to a folder, all weights in f32.
   *
   * @throws FormatException when the adapter belongs to another model or the folder holds one
   */
  public static void write(Path model, Path adapter, Path out) throws IOException {
    if (Files.exists(out.resolve("config.json"))
        || Files.exists(out.resolve("model.safetensors"))) {
      throw new FormatException(out.toString(), "holds a model already; choose another folder");
    }
    try (BaseModel merged = BaseModel.open(model, Adapter.open(adapter));
        WorkerPool pool = new WorkerPool(1)) {
      Map<Integer, int[]> tables = merged.tables();
      List<EngramModule> engrams =
          EngramModules.of(merged.config(), merged.tokenizer(), model.toString());
      TrainingGraph graph = new TrainingGraph(merged.config(), engrams, tables, 0, pool);
      merged.fill(graph.parameters());
      Files.createDirectories(out);
      AtomicFiles.write(out.resolve(StoredTokenizer.FILE_NAME), merged.tokenizerJson());
      ModelExport.write(graph.parameters(), tables, merged.json(), null, StorageType.F32, out);
    }
  }
}
