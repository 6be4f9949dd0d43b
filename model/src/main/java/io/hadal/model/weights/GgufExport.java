package io.hadal.model.weights;

import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.StoredTokenizer;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.GgufValue;
import io.hadal.formats.weights.GgufWriter;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.RowEncoder;
import io.hadal.kernels.StorageType;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.GgufConfig;
import io.hadal.model.config.ModelConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Writes a safetensors checkpoint of Hadal's own model type as one GGUF file: configuration and
 * tokenizer as JSON in the metadata, routed experts of a layer in one tensor.
 */
public final class GgufExport {
  private static final Pattern EXPERT =
      Pattern.compile("(layers\\.[0-9]+\\.ffn\\.experts)\\.([0-9]+)\\.(w[123])\\.weight");

  /** Small matrices whose rounding costs more than it saves. */
  private static final Pattern KEPT =
      Pattern.compile(".*\\.(ffn\\.gate\\.weight|hc_[a-z]+_fn|engram\\.conv\\.weight)");

  private static final String WEIGHT = ".weight";

  private final TensorStore store;
  private final HfTensors tensors;
  private final @Nullable StorageType type;
  private final Map<String, Target> targets = new LinkedHashMap<>();

  /** A tensor of the new file: its parts, one after the other, and how they are stored. */
  private record Target(StorageType type, List<Long> shape, List<StoredTensor> parts) {}

  private GgufExport(TensorStore store, @Nullable StorageType type) {
    this.store = store;
    this.tensors = new HfTensors(store);
    this.type = type;
  }

  /**
   * Writes the file, whole or not at all.
   *
   * @param checkpoint folder with config.json, tokenizer.json and safetensors files
   * @param type of the weight matrices; null to lose nothing. Vectors and routers keep theirs; F32
   *     rows that do not fill the type's blocks become BF16
   * @param progress told the bytes read so far
   * @throws FormatException when the checkpoint is of another model type or damaged
   */
  public static void write(
      Path checkpoint, Path target, @Nullable StorageType type, LongConsumer progress) {
    if (type != null && !RowEncoder.supports(type)) {
      throw new IllegalArgumentException("matrices cannot be stored as " + type);
    }
    try (TensorStore store = Checkpoints.open(checkpoint)) {
      if (store instanceof Gguf) {
        throw new FormatException(checkpoint.toString(), "is a GGUF file already");
      }
      Path folder = Files.isDirectory(checkpoint) ? checkpoint : checkpoint.resolveSibling("");
      ModelConfig config = ConfigReader.read(folder);
      if (!config.family().equals(GgufConfig.HADAL)) {
        throw new FormatException(
            checkpoint.toString(),
            "is a " + config.family() + " model; only models of type hadal can be exported");
      }
      new GgufExport(store, type).write(config, folder, target, progress);
    }
  }

  private void write(ModelConfig config, Path folder, Path target, LongConsumer progress) {
    for (String name : store.names()) {
      if (!name.endsWith(".scale")) {
        declare(store.get(name));
      }
    }
    GgufWriter.Layout layout = GgufWriter.layout();
    layout.put("general.architecture", GgufValue.text(GgufConfig.HADAL));
    layout.put("general.name", GgufValue.text(name(folder)));
    String p = GgufConfig.HADAL + ".";
    layout.put(p + "block_count", GgufValue.uint32(config.layers().size()));
    layout.put(p + "context_length", GgufValue.uint32(config.contextLength()));
    layout.put(p + "embedding_length", GgufValue.uint32(config.hiddenSize()));
    layout.put(GgufConfig.JSON_KEY, GgufValue.text(text(folder.resolve("config.json"))));
    Path tokenizer = folder.resolve(StoredTokenizer.FILE_NAME);
    if (Files.isRegularFile(tokenizer)) {
      layout.put(StoredTokenizer.JSON_KEY, GgufValue.text(text(tokenizer)));
    }
    targets.forEach(
        (name, t) ->
            layout.tensor(name, t.type(), t.shape().stream().mapToLong(Long::longValue).toArray()));
    try (GgufWriter writer = layout.create(target)) {
      long read = 0;
      for (Map.Entry<String, Target> e : targets.entrySet()) {
        for (StoredTensor part : e.getValue().parts()) {
          copy(part, e.getKey(), e.getValue(), writer);
          read += part.data().byteSize();
          progress.accept(read);
        }
      }
      writer.finish();
    }
  }

  /** The folder's own name: where it lies is nobody's business. */
  private static String name(Path folder) {
    return String.valueOf(folder.toAbsolutePath().normalize().getFileName());
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (MalformedInputException e) {
      throw new FormatException(file.toString(), "is no UTF-8 text", e);
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be read: " + e, e);
    }
  }

  private void declare(StoredTensor tensor) {
    Matcher expert = EXPERT.matcher(tensor.name());
    if (!expert.matches()) {
      List<Long> shape = isTable(tensor) ? tensor.shape() : values(tensor);
      put(GgufTensors.written(tensor.name()), tensor, shape);
      return;
    }
    int index = Integer.parseInt(expert.group(2));
    String name = GgufTensors.written(expert.group(1) + "." + expert.group(3));
    if (index > 0) {
      return;
    }
    List<StoredTensor> experts = new ArrayList<>();
    for (int i = 0; ; i++) {
      StoredTensor next = store.find(expert.group(1) + "." + i + "." + expert.group(3) + WEIGHT);
      if (next == null) {
        break;
      }
      if (!next.shape().equals(tensor.shape()) || next.type() != tensor.type()) {
        throw new FormatException(
            store.source().toString(), next.name() + " differs from the experts before it");
      }
      experts.add(next);
    }
    List<Long> shape = new ArrayList<>(values(tensor));
    shape.addFirst((long) experts.size());
    targets.put(name, new Target(target(tensor), shape, experts));
  }

  private void put(String name, StoredTensor tensor, List<Long> shape) {
    Target before = targets.put(name, new Target(target(tensor), shape, List.of(tensor)));
    if (before != null) {
      throw new FormatException(store.source().toString(), "has two tensors for " + name);
    }
  }

  /** Shape in numbers, where two codes share a byte. */
  private List<Long> values(StoredTensor tensor) {
    List<Long> shape = new ArrayList<>(tensor.shape());
    if (isPacked(tensor)) {
      shape.add(2 * shape.removeLast());
    }
    return shape;
  }

  private boolean isPacked(StoredTensor tensor) {
    return (tensor.type() == StorageType.I8 || tensor.type() == StorageType.U8)
        && tensors.scaleOf(base(tensor)) != null;
  }

  /** Rows of codes and scales, which GGUF holds as plain bytes. */
  private boolean isTable(StoredTensor tensor) {
    return tensor.type() == StorageType.I8 && !isPacked(tensor);
  }

  private static String base(StoredTensor tensor) {
    String name = tensor.name();
    return name.endsWith(WEIGHT) ? name.substring(0, name.length() - WEIGHT.length()) : name;
  }

  private StorageType target(StoredTensor tensor) {
    StorageType lossless =
        switch (tensor.type()) {
          // Every E4M3 value times a power of two is a bf16 value.
          case F8_E4M3 -> StorageType.BF16;
          case I8, U8 -> isPacked(tensor) ? StorageType.MXFP4 : tensor.type();
          default -> tensor.type();
        };
    boolean matrix = tensor.shape().size() == 2 && lossless.isMatrixWeight();
    if (type == null || !matrix || KEPT.matcher(tensor.name()).matches()) {
      return lossless;
    }
    if (values(tensor).getLast() % type.blockElements() == 0) {
      return type;
    }
    return lossless == StorageType.F32 ? StorageType.BF16 : lossless;
  }

  private void copy(StoredTensor part, String name, Target target, GgufWriter writer) {
    if (part.type() == target.type()) {
      writer.write(name, part.data());
      return;
    }
    List<Long> shape = values(part);
    int rows = Math.toIntExact(shape.getFirst());
    int cols = Math.toIntExact(shape.getLast());
    Matrix matrix = tensors.matrixOf(part, tensors.scaleOf(base(part)), rows, cols);
    float[] row = new float[cols];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(target.type().bytes(cols), 8);
      for (int r = 0; r < rows; r++) {
        Kernels.get().dequantize(matrix, r, 0, cols, row, 0);
        RowEncoder.encode(target.type(), row, 0, cols, out, 0);
        writer.write(name, out);
      }
    }
  }
}
