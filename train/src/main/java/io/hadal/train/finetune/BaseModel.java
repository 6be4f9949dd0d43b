package io.hadal.train.finetune;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.tokenizer.StoredTokenizer;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.TensorDigest;
import io.hadal.formats.weights.TensorStore;
import io.hadal.model.Model;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.GgufConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.weights.Adapter;
import io.hadal.model.weights.WeightReader;
import io.hadal.train.Preset;
import io.hadal.train.graph.Parameter;
import io.hadal.train.graph.ParameterSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A checkpoint to start from: a folder with safetensors files, or a GGUF file of a model of type
 * {@code hadal}, in any type of weights. Weights become f32 when they are read.
 */
public final class BaseModel implements AutoCloseable {
  /** A tensor that every block drafter has, in every container. */
  private static final String DRAFTER = "mtp.0.main_norm.weight";

  private static final long MAX_CONFIG = 16 << 20;

  private final Path path;
  private final TensorStore store;
  private final JsonNode json;
  private final ModelConfig config;
  private final byte[] tokenizerJson;
  private final WeightReader weights;
  private @Nullable String sha256;

  private BaseModel(Path path, TensorStore store, @Nullable Adapter adapter) {
    this.path = path;
    this.store = store;
    ObjectNode read = (ObjectNode) configuration(path, store);
    if (store.find(DRAFTER) == null) {
      Preset.removeDrafter(read);
    }
    this.json = read;
    this.config = ConfigReader.parse(json, path.toString());
    requireTrainable();
    this.tokenizerJson = tokenizer(path, store);
    if (adapter != null) {
      adapter.requireBase(store);
    }
    this.weights = WeightReader.of(config, store, adapter);
  }

  /**
   * Opens a checkpoint.
   *
   * @param adapter changes to apply to its weights; null for none
   * @throws FormatException when it is none, or none that can be trained
   */
  public static BaseModel open(Path path, @Nullable Adapter adapter) {
    TensorStore store = Checkpoints.open(path);
    boolean ok = false;
    try {
      BaseModel model = new BaseModel(path, store, adapter);
      ok = true;
      return model;
    } finally {
      if (!ok) {
        store.close();
      }
    }
  }

  private static JsonNode configuration(Path path, TensorStore store) {
    if (!(store instanceof Gguf gguf)) {
      return Json.parse(Model.folder(path).resolve("config.json"), MAX_CONFIG);
    }
    String text = gguf.metadata().getString(GgufConfig.JSON_KEY);
    if (text == null) {
      throw new FormatException(
          path.toString(),
          "is a GGUF file without "
              + GgufConfig.JSON_KEY
              + "; of GGUF files only models of type hadal can be trained further, others as"
              + " safetensors");
    }
    return Json.parse(text.getBytes(StandardCharsets.UTF_8), path.toString());
  }

  private void requireTrainable() {
    String reason = null;
    if (!config.hyper().delayed() || config.attention().headNorm()) {
      reason = "is a " + config.family() + " model; models of type hadal and V4.1 can be trained";
    } else if (config.indexer().candidates() != null) {
      reason = "has candidate blocks in its indexers, which cannot be trained";
    } else if (config.engram() != null && config.engram().fusion().convolution()) {
      reason = "has an Engram convolution, which cannot be trained";
    }
    if (reason != null) {
      throw new FormatException(path.toString(), reason);
    }
  }

  private static byte[] tokenizer(Path path, TensorStore store) {
    if (store instanceof Gguf gguf) {
      String text = gguf.metadata().getString(StoredTokenizer.JSON_KEY);
      if (text != null) {
        return text.getBytes(StandardCharsets.UTF_8);
      }
      throw new FormatException(path.toString(), "holds no " + StoredTokenizer.JSON_KEY);
    }
    Path file = Model.folder(path).resolve(StoredTokenizer.FILE_NAME);
    try {
      if (Files.isRegularFile(file)) {
        return Files.readAllBytes(file);
      }
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be read: " + e, e);
    }
    throw new FormatException(
        path.toString(), "has no tokenizer.json; put the model's tokenizer beside its weights");
  }

  /** {@code config.json}, without a drafter where the checkpoint leaves its weights out. */
  public JsonNode json() {
    return json;
  }

  public ModelConfig config() {
    return config;
  }

  /** {@code tokenizer.json} as it is stored. */
  public byte[] tokenizerJson() {
    return tokenizerJson;
  }

  /** The tokenizer. */
  public Tokenizer tokenizer() {
    return Tokenizer.fromJson(tokenizerJson, path + " (tokenizer)");
  }

  public Path path() {
    return path;
  }

  /** Name of the file or folder, without where it lies. */
  public String name() {
    return String.valueOf(path.toAbsolutePath().normalize().getFileName());
  }

  /** What tells these weights from others; the weights are read for it once. */
  public String sha256() {
    String known = sha256;
    if (known == null) {
      known = TensorDigest.sha256(store);
      sha256 = known;
    }
    return known;
  }

  /** Experts of the hash-routed layers, {@code [vocab, active]} by layer. */
  public Map<Integer, int[]> tables() {
    Map<Integer, int[]> tables = new LinkedHashMap<>();
    for (LayerConfig layer : config.layers()) {
      if (layer.hashRouted()) {
        tables.put(
            layer.index(),
            weights.indices(
                "layers." + layer.index() + ".ffn.gate.tid2eid",
                config.vocabSize(),
                layer.moe().activeExperts(),
                layer.moe().experts()));
      }
    }
    return tables;
  }

  /** Sets parameters to the checkpoint's values, but for a drafter that it does not have. */
  public void fill(ParameterSet parameters) {
    for (Parameter p : parameters.all()) {
      if (config.blockDraft() == null && p.isDrafter()) {
        continue;
      }
      List<Integer> shape = p.shape();
      switch (p.kind()) {
        case MATRIX, EMBEDDING ->
            weights.matrix(p.name(), shape.getFirst(), p.rowSize(), p.value());
        case TABLE -> weights.table(p.name(), shape.getFirst(), p.rowSize(), p.value());
        case VECTOR, STATE -> {
          float[] values = weights.vector(p.name(), p.size());
          System.arraycopy(values, 0, p.value(), 0, values.length);
        }
      }
    }
  }

  @Override
  public void close() {
    store.close();
  }
}
