package io.hadal.model;

import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.TensorStore;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.V4GgufConfig;
import io.hadal.model.weights.ModelWeights;
import io.hadal.model.weights.WeightBinder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A loaded checkpoint: configuration and mapped weights. Immutable and safe to share between
 * threads; close it after everything that uses it.
 */
public final class Model implements AutoCloseable {
  private final Path path;
  private final TensorStore store;
  private final ModelConfig config;
  private final ModelWeights weights;

  private Model(Path path, TensorStore store, ModelConfig config, ModelWeights weights) {
    this.path = path;
    this.store = store;
    this.config = config;
    this.weights = weights;
  }

  /**
   * Maps a checkpoint: a folder with {@code config.json} and safetensors files, one safetensors
   * file beside a {@code config.json}, or a GGUF file.
   *
   * @throws io.hadal.formats.FormatException naming file, field or tensor when something is wrong
   */
  public static Model load(Path path) {
    TensorStore store = Checkpoints.open(path);
    boolean ok = false;
    try {
      ModelConfig config = readConfig(path, store);
      Model model = new Model(path, store, config, WeightBinder.bind(config, store));
      ok = true;
      return model;
    } finally {
      if (!ok) {
        store.close();
      }
    }
  }

  /** The configuration that belongs to opened tensors, without binding them. */
  public static ModelConfig readConfig(Path path, TensorStore store) {
    if (store instanceof Gguf gguf) {
      return V4GgufConfig.read(gguf.metadata(), path.toString());
    }
    return ConfigReader.read(folder(path));
  }

  /** The folder that holds a safetensors checkpoint's other files. */
  public static Path folder(Path path) {
    return Files.isDirectory(path) ? path : path.resolveSibling("").normalize();
  }

  public Path path() {
    return path;
  }

  /** The opened files. */
  public TensorStore store() {
    return store;
  }

  public ModelConfig config() {
    return config;
  }

  public ModelWeights weights() {
    return weights;
  }

  @Override
  public void close() {
    store.close();
  }
}
