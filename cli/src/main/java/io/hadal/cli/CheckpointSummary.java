package io.hadal.cli;

import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.StorageType;
import io.hadal.model.Model;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.weights.WeightBinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint is, as far as it can be read without loading weights.
 *
 * @param config null when the configuration is missing, broken or of an unsupported architecture
 * @param storage tensors and bytes by type
 * @param parameters null without a configuration
 * @param tokenizer empty when the checkpoint has none or a broken one
 * @param drafters multi-token-prediction layers whose tensors are there
 * @param problems why it cannot be run as it is, the gravest first; empty when it can
 */
record CheckpointSummary(
    Path path,
    String format,
    int files,
    @Nullable ModelConfig config,
    Map<StorageType, Stored> storage,
    @Nullable ParameterCount parameters,
    Optional<Tokenizer> tokenizer,
    int drafters,
    List<FormatException> problems) {

  CheckpointSummary {
    storage = new TreeMap<>(storage);
    problems = List.copyOf(problems);
  }

  /** Tensors of one storage type. */
  record Stored(int tensors, long bytes) {
    Stored plus(Stored other) {
      return new Stored(tensors + other.tensors, bytes + other.bytes);
    }
  }

  static CheckpointSummary of(Path path, TensorStore store) {
    List<FormatException> problems = new ArrayList<>();
    ModelConfig config = null;
    int drafters = 0;
    try {
      config = Model.readConfig(path, store);
      drafters = WeightBinder.bind(config, store).drafters().size();
    } catch (FormatException e) {
      problems.add(e);
    }
    Optional<Tokenizer> tokenizer = Optional.empty();
    try {
      tokenizer = ModelTokenizer.find(path, store);
    } catch (FormatException e) {
      problems.add(e);
    }
    Map<StorageType, Stored> storage = new TreeMap<>();
    for (String name : store.names()) {
      StoredTensor tensor = store.find(name);
      if (tensor != null) {
        storage.merge(tensor.type(), new Stored(1, tensor.data().byteSize()), Stored::plus);
      }
    }
    return new CheckpointSummary(
        path,
        store instanceof Gguf ? "gguf" : "safetensors",
        store.files().size(),
        config,
        storage,
        config == null ? null : ParameterCount.of(store, config),
        tokenizer,
        drafters,
        problems);
  }

  int tensors() {
    return storage.values().stream().mapToInt(Stored::tensors).sum();
  }

  long bytes() {
    return storage.values().stream().mapToLong(Stored::bytes).sum();
  }
}
