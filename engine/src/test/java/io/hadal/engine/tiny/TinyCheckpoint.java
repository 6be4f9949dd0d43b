package io.hadal.engine.tiny;

import io.hadal.engine.tiny.TinyTensor.Kind;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.databind.json.JsonMapper;

/** A seeded random checkpoint that can be written in every layout the model reads. */
public final class TinyCheckpoint {

  /** What the numbers are rounded to. */
  public enum Storage {
    FLOAT,
    BF16,
    /** FP8 matrices, FP4 experts, BF16 rest: as released. */
    RELEASED
  }

  private final TinyConfig config;
  private final Storage storage;
  private final Map<String, TinyTensor> tensors;

  private TinyCheckpoint(TinyConfig config, Storage storage, TinyWeights weights) {
    this.config = config;
    this.storage = storage;
    this.tensors = weights.generate();
  }

  public static TinyCheckpoint of(long seed, Storage storage, Consumer<TinyConfig> changes) {
    TinyConfig config = TinyConfig.of(changes);
    return new TinyCheckpoint(config, storage, new V4Weights(config, storage, seed));
  }

  /** A V4.1 checkpoint. */
  public static TinyCheckpoint ofV41(long seed, Storage storage, Consumer<V41Config> changes) {
    V41Config config = V41Config.ofV41(changes);
    return new TinyCheckpoint(config, storage, new V41Weights(config, storage, seed));
  }

  public TinyConfig config() {
    return config;
  }

  /** Parameters by released name. */
  public Map<String, TinyTensor> tensors() {
    return tensors;
  }

  /** Tensors under released names, in the storage of the numbers. */
  public Map<String, Stored> released() {
    Map<String, Stored> out = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> put(out, name, ".scale", tensor));
    return out;
  }

  /** Tensors under the names of the transformers library; experts fused unless FP4 (spec 6.6). */
  public Map<String, Stored> transformers() {
    Map<String, Stored> out = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          if (storage != Storage.RELEASED && name.contains(".experts.")) {
            return;
          }
          put(out, TransformersNames.translate(name), ".weight_scale_inv", tensor);
        });
    if (storage != Storage.RELEASED) {
      for (String layer : layerPrefixes()) {
        fuse(out, layer);
      }
    }
    return out;
  }

  private List<String> layerPrefixes() {
    return tensors.keySet().stream()
        .filter(name -> name.endsWith("ffn.gate.weight"))
        .map(name -> name.substring(0, name.length() - "ffn.gate.weight".length()))
        .toList();
  }

  private void fuse(Map<String, Stored> out, String layer) {
    int perExpert = config.moeWidth * config.hidden;
    float[] gateUp = new float[config.experts * 2 * perExpert];
    float[] down = new float[config.experts * perExpert];
    for (int e = 0; e < config.experts; e++) {
      String p = layer + "ffn.experts." + e + ".";
      System.arraycopy(values(p + "w1.weight"), 0, gateUp, 2 * e * perExpert, perExpert);
      System.arraycopy(values(p + "w3.weight"), 0, gateUp, (2 * e + 1) * perExpert, perExpert);
      System.arraycopy(values(p + "w2.weight"), 0, down, e * perExpert, perExpert);
    }
    StorageType type = storage == Storage.FLOAT ? StorageType.F32 : StorageType.BF16;
    String p = "model." + layer + "mlp.experts.";
    out.put(
        p + "gate_up_proj",
        Stored.floats(type, gateUp, config.experts, 2L * config.moeWidth, config.hidden));
    out.put(
        p + "down_proj", Stored.floats(type, down, config.experts, config.hidden, config.moeWidth));
  }

  /** Numbers of a parameter. */
  public float[] values(String name) {
    TinyTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(name);
    }
    return tensor.values();
  }

  private void put(Map<String, Stored> out, String name, String scaleSuffix, TinyTensor t) {
    boolean vector = t.rows() == 1 && !name.endsWith("_fn") && !name.endsWith(".fn");
    long[] shape = vector ? new long[] {t.cols()} : new long[] {t.rows(), t.cols()};
    if (t.kind() == Kind.TABLE) {
      out.put(name, new Stored(StorageType.I64, shape, TinyWeights.ids(t)));
      return;
    }
    if (t.codes().length == 0) {
      boolean f32 = t.kind() == Kind.FLOAT || storage == Storage.FLOAT;
      out.put(name, Stored.floats(f32 ? StorageType.F32 : StorageType.BF16, t.values(), shape));
      return;
    }
    String scale = name.substring(0, name.length() - ".weight".length()) + scaleSuffix;
    if (t.kind() == Kind.LINEAR || t.kind() == Kind.ENGRAM) {
      out.put(name, new Stored(StorageType.F8_E4M3, shape, t.codes()));
      out.put(
          scale,
          new Stored(
              StorageType.F8_E8M0,
              new long[] {t.scales().length / t.tilesPerRow(), t.tilesPerRow()},
              t.scales()));
    } else {
      out.put(name, new Stored(StorageType.I8, new long[] {t.rows(), t.cols() / 2}, t.codes()));
      out.put(
          scale,
          new Stored(StorageType.F8_E8M0, new long[] {t.rows(), t.tilesPerRow()}, t.scales()));
    }
  }

  /** Writes config and tensors as released, and the tokenizer of models that need one. */
  public Path write(Path folder) {
    write(folder, config.json(), released());
    if (config instanceof V41Config) {
      try {
        Files.writeString(folder.resolve("tokenizer.json"), TinyTokenizer.json(config.vocab));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return folder;
  }

  /** Writes a folder of one safetensors file beside its {@code config.json}. */
  public static Path write(Path folder, Map<String, Object> config, Map<String, Stored> tensors) {
    try {
      Files.createDirectories(folder);
      Files.writeString(
          folder.resolve("config.json"), JsonMapper.shared().writeValueAsString(config));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout();
    tensors.forEach((name, t) -> layout.tensor(name, t.type(), t.shape()));
    try (SafetensorsWriter writer = layout.create(folder.resolve("model.safetensors"))) {
      tensors.forEach((name, t) -> t.write(writer, name));
      writer.finish();
    }
    return folder;
  }
}
