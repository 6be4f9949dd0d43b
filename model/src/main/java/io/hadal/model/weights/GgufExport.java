package io.hadal.model.weights;

import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.StoredTokenizer;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.GgufValue;
import io.hadal.formats.weights.GgufWriter;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.RowEncoder;
import io.hadal.kernels.StorageType;
import io.hadal.model.config.GgufConfig;
import io.hadal.model.weights.ReleasedTensors.Entry;
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
 * Writes a checkpoint of Hadal's own model type as one GGUF file: configuration and tokenizer as
 * JSON in the metadata, routed experts of a layer in one tensor.
 */
public final class GgufExport {
  private static final Pattern EXPERT =
      Pattern.compile("((?:layers|mtp)\\.[0-9]+\\.ffn\\.experts)\\.([0-9]+)\\.(w[123])\\.weight");

  private final TensorStore store;
  private final ReleasedTensors tensors;
  private final @Nullable StorageType type;
  private final Map<String, Target> targets = new LinkedHashMap<>();

  /** A tensor of the new file: its parts, one after the other, and how they are stored. */
  private record Target(StorageType type, List<Long> shape, List<Entry> parts) {}

  private GgufExport(TensorStore store, @Nullable StorageType type) {
    this.store = store;
    this.tensors = ReleasedTensors.of(store);
    this.type = type;
  }

  /**
   * Writes the file, whole or not at all.
   *
   * @param checkpoint folder with config.json, tokenizer.json and safetensors files, or a GGUF file
   *     that Hadal has written
   * @param type of the weight matrices; null to lose nothing. Vectors and routers keep theirs. Q4_K
   *     and MXFP4 hold experts, projections and n-gram tables, Q8_0 the rest and what does not fill
   *     blocks of 256; F32 rows that do not fill blocks of 32 become BF16
   * @param progress told the bytes read so far
   * @throws FormatException when the checkpoint is of another model type or damaged
   */
  public static void write(
      Path checkpoint, Path target, @Nullable StorageType type, LongConsumer progress) {
    if (type != null && !RowEncoder.supports(type)) {
      throw new IllegalArgumentException("matrices cannot be stored as " + type);
    }
    try (TensorStore store = Checkpoints.open(checkpoint)) {
      ModelFiles files = ModelFiles.of(checkpoint, store);
      if (!files.config().family().equals(GgufConfig.HADAL)) {
        throw new FormatException(
            checkpoint.toString(),
            "is a "
                + files.config().family()
                + " model; only models of type hadal can be exported to GGUF");
      }
      new GgufExport(store, type).write(files, target, progress);
    }
  }

  private void write(ModelFiles files, Path target, LongConsumer progress) {
    tensors.all().forEach(this::declare);
    GgufWriter.Layout layout = GgufWriter.layout();
    layout.put("general.architecture", GgufValue.text(GgufConfig.HADAL));
    layout.put("general.name", GgufValue.text(files.name()));
    String p = GgufConfig.HADAL + ".";
    layout.put(p + "block_count", GgufValue.uint32(files.config().layers().size()));
    layout.put(p + "context_length", GgufValue.uint32(files.config().contextLength()));
    layout.put(p + "embedding_length", GgufValue.uint32(files.config().hiddenSize()));
    layout.put(GgufConfig.JSON_KEY, GgufValue.text(files.configJson()));
    String tokenizer = files.tokenizerJson();
    if (tokenizer != null) {
      layout.put(StoredTokenizer.JSON_KEY, GgufValue.text(tokenizer));
    }
    targets.forEach(
        (name, t) ->
            layout.tensor(name, t.type(), t.shape().stream().mapToLong(Long::longValue).toArray()));
    try (GgufWriter writer = layout.create(target);
        RowConversion rows = new RowConversion()) {
      long read = 0;
      for (Map.Entry<String, Target> e : targets.entrySet()) {
        for (Entry part : e.getValue().parts()) {
          copy(part, e.getKey(), e.getValue().type(), writer, rows);
          read += part.tensor().data().byteSize();
          progress.accept(read);
        }
      }
      writer.finish();
    }
  }

  private void declare(Entry entry) {
    Matcher expert = EXPERT.matcher(entry.name());
    if (!expert.matches()) {
      String name = GgufTensors.written(entry.name());
      if (targets.put(name, new Target(target(entry), entry.values(), List.of(entry))) != null) {
        throw new FormatException(store.source().toString(), "has two tensors for " + name);
      }
      return;
    }
    if (Integer.parseInt(expert.group(2)) > 0) {
      return;
    }
    List<Entry> experts = new ArrayList<>();
    for (int i = 0; ; i++) {
      Entry next =
          tensors.find(expert.group(1) + "." + i + "." + expert.group(3) + ReleasedTensors.WEIGHT);
      if (next == null) {
        break;
      }
      if (!next.values().equals(entry.values()) || next.tensor().type() != entry.tensor().type()) {
        throw new FormatException(
            store.source().toString(), next.name() + " differs from the experts before it");
      }
      experts.add(next);
    }
    List<Long> shape = new ArrayList<>(entry.values());
    shape.addFirst((long) experts.size());
    String name = GgufTensors.written(expert.group(1) + "." + expert.group(3));
    targets.put(name, new Target(target(entry), shape, experts));
  }

  private StorageType target(Entry entry) {
    StorageType stored = entry.tensor().type();
    StorageType lossless =
        switch (stored) {
          // Every E4M3 value times a power of two is a bf16 value.
          case F8_E4M3 -> StorageType.BF16;
          case I8, U8 -> entry.isPacked() ? StorageType.MXFP4 : stored;
          default -> stored;
        };
    MatrixRole role = MatrixRole.of(entry);
    if (type == null || !entry.isMatrix() || role == MatrixRole.KEPT) {
      return lossless;
    }
    int cols = entry.cols();
    boolean coarse = type == StorageType.Q4_K || type == StorageType.MXFP4;
    if (cols % type.blockElements() == 0 && !(coarse && role == MatrixRole.OTHER)) {
      return type;
    }
    boolean wide = lossless == StorageType.F32 || lossless == StorageType.F16;
    if (coarse
        && (wide || lossless == StorageType.BF16)
        && cols % StorageType.Q8_0.blockElements() == 0) {
      return StorageType.Q8_0;
    }
    return lossless == StorageType.F32 ? StorageType.BF16 : lossless;
  }

  private void copy(
      Entry part, String name, StorageType target, GgufWriter writer, RowConversion conversion) {
    if (part.tensor().type() == target) {
      writer.write(name, part.tensor().data());
      return;
    }
    int cols = part.cols();
    conversion.run(
        tensors.matrix(part),
        1,
        target.bytes(cols),
        0,
        (x, rows, codes, scales) -> RowEncoder.encode(target, x, 0, cols, codes, 0),
        bytes -> writer.write(name, bytes),
        bytes -> {});
  }
}
