package io.hadal.model.weights;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.tokenizer.StoredTokenizer;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.BlockQuantizer;
import io.hadal.kernels.RowEncoder;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.TileEncoder;
import io.hadal.model.weights.ReleasedTensors.Entry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a checkpoint as a folder of config.json, tokenizer.json and model.safetensors with the
 * released names, in any type of the released checkpoints.
 */
public final class SafetensorsExport {
  private static final int ROW_TILE = 32;

  /** How the matrices of a folder are stored. */
  public enum Encoding {
    /** As they are; block types of GGUF become F32, MXFP4 becomes FP4. */
    KEEP,
    F32,
    F16,
    BF16,
    /** E4M3 with UE8M0 scales: experts, projections and tables; the rest BF16. */
    FP8,
    /** Routed experts E2M1 with a UE8M0 scale per 32 columns; the rest as with FP8. */
    FP4
  }

  /** How one tensor is stored; a scale type needs {@code tile}. */
  private record Target(StorageType type, int rowTile, int colTile) {
    static Target plain(StorageType type) {
      return new Target(type, 0, 0);
    }

    boolean scaled() {
      return colTile > 0;
    }
  }

  private final ReleasedTensors tensors;
  private final Encoding encoding;
  private final int tile;
  private final Map<Entry, Target> targets = new LinkedHashMap<>();

  private SafetensorsExport(ReleasedTensors tensors, Encoding encoding, int tile) {
    this.tensors = tensors;
    this.encoding = encoding;
    this.tile = tile;
  }

  /**
   * Writes the folder, whole or not at all.
   *
   * @param checkpoint folder or file with the released names of tensors, or a GGUF file that Hadal
   *     has written
   * @param folder new, or empty
   * @param progress told the bytes read so far
   * @throws FormatException when the checkpoint is damaged or the folder holds something
   */
  public static void write(Path checkpoint, Path folder, Encoding encoding, LongConsumer progress) {
    try (TensorStore store = Checkpoints.open(checkpoint)) {
      ModelFiles files = ModelFiles.of(checkpoint, store);
      // V4 was released with tiles of 128, the later families with tiles of 32.
      int tile = files.config().family().equals("deepseek_v4") ? 128 : ROW_TILE;
      requireEmpty(folder);
      Path absolute = folder.toAbsolutePath().normalize();
      Path partial = absolute.resolveSibling("." + absolute.getFileName() + ".partial");
      deleteTree(partial);
      Files.createDirectories(partial);
      new SafetensorsExport(ReleasedTensors.of(store), encoding, tile)
          .write(files, partial, progress);
      Files.deleteIfExists(absolute);
      Files.move(partial, absolute);
    } catch (IOException e) {
      throw new FormatException(folder.toString(), "cannot be written: " + e, e);
    }
  }

  private static void requireEmpty(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    boolean empty = false;
    if (Files.isDirectory(folder)) {
      try (Stream<Path> entries = Files.list(folder)) {
        empty = entries.findAny().isEmpty();
      }
    }
    if (!empty) {
      throw new FormatException(
          folder.toString(), "exists already; name a new folder, or remove this one");
    }
  }

  private static void deleteTree(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> entries = Files.list(folder)) {
        for (Path file : entries.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  private void write(ModelFiles files, Path folder, LongConsumer progress) throws IOException {
    Files.writeString(folder.resolve("config.json"), config(files));
    String tokenizer = files.tokenizerJson();
    if (tokenizer != null) {
      Files.writeString(folder.resolve(StoredTokenizer.FILE_NAME), tokenizer);
    }
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout().metadata("format", "pt");
    for (Entry entry : tensors.all()) {
      Target target = target(entry);
      targets.put(entry, target);
      declare(entry, target, layout);
    }
    try (SafetensorsWriter writer = layout.create(folder.resolve("model.safetensors"));
        RowConversion rows = new RowConversion()) {
      long read = 0;
      for (Map.Entry<Entry, Target> e : targets.entrySet()) {
        copy(e.getKey(), e.getValue(), writer, rows);
        read += e.getKey().tensor().data().byteSize();
        progress.accept(read);
      }
      writer.finish();
    }
  }

  /** The configuration with what it says about stored types brought up to date. */
  private String config(ModelFiles files) {
    if (encoding == Encoding.KEEP) {
      return files.configJson();
    }
    ObjectNode json =
        (ObjectNode) Json.parse(files.configJson().getBytes(StandardCharsets.UTF_8), "config.json");
    json.remove("quantization_config");
    json.remove("expert_dtype");
    if (encoding == Encoding.FP8 || encoding == Encoding.FP4) {
      ObjectNode q = json.putObject("quantization_config");
      q.put("quant_method", "fp8").put("fmt", "e4m3").put("activation_scheme", "dynamic");
      q.put("scale_fmt", "ue8m0").putArray("weight_block_size").add(tile).add(tile);
      q.put("expert_dtype", encoding == Encoding.FP4 ? "fp4" : "fp8");
    }
    return json.toPrettyString() + "\n";
  }

  private Target target(Entry entry) {
    StorageType stored = entry.tensor().type();
    MatrixRole role = MatrixRole.of(entry);
    if (!entry.isMatrix() || role == MatrixRole.KEPT || encoding == Encoding.KEEP) {
      return lossless(entry);
    }
    return switch (encoding) {
      case KEEP -> lossless(entry);
      case F32 -> Target.plain(StorageType.F32);
      case F16 -> Target.plain(StorageType.F16);
      case BF16 -> Target.plain(StorageType.BF16);
      case FP8, FP4 ->
          switch (role) {
            case EXPERT ->
                encoding == Encoding.FP4 && entry.cols() % 2 == 0
                    ? new Target(StorageType.I8, 1, ROW_TILE)
                    : new Target(StorageType.F8_E4M3, tile, tile);
            case PROJECTION -> new Target(StorageType.F8_E4M3, tile, tile);
            case TABLE -> new Target(StorageType.F8_E4M3, 1, ROW_TILE);
            case KEPT, OTHER -> Target.plain(stored == StorageType.F16 ? stored : StorageType.BF16);
          };
    };
  }

  private static Target lossless(Entry entry) {
    StorageType stored = entry.tensor().type();
    return switch (stored) {
      case MXFP4 -> new Target(StorageType.I8, 1, ROW_TILE);
      default ->
          // Scales of GGUF blocks are f16, so bf16 would not hold every value.
          Target.plain(stored.blockElements() > 1 ? StorageType.F32 : stored);
    };
  }

  /** Whether a tensor goes over as it is, with its scales. */
  private static boolean same(Entry entry, Target target) {
    StoredTensor scale = entry.scale();
    if (entry.tensor().type() != target.type()) {
      return false;
    }
    return scale == null
        || !target.scaled()
        || scale.type() == StorageType.F8_E8M0 && scale.shape().equals(scaleShape(entry, target));
  }

  private static List<Long> scaleShape(Entry entry, Target target) {
    return List.of(
        (long) TensorSource.ceilDiv(entry.rows(), target.rowTile()),
        (long) TensorSource.ceilDiv(entry.cols(), target.colTile()));
  }

  private static void declare(Entry entry, Target target, SafetensorsWriter.Layout layout) {
    StoredTensor scale = entry.scale();
    if (same(entry, target)) {
      layout.tensor(entry.name(), target.type(), array(entry.tensor().shape()));
      if (scale != null) {
        layout.tensor(scaleName(entry), scale.type(), array(scale.shape()));
      }
      return;
    }
    boolean packed = target.type() == StorageType.I8;
    long[] shape = array(entry.values());
    if (packed) {
      shape[shape.length - 1] /= 2;
    }
    layout.tensor(entry.name(), target.type(), shape);
    if (target.scaled()) {
      layout.tensor(scaleName(entry), StorageType.F8_E8M0, array(scaleShape(entry, target)));
    }
  }

  private static String scaleName(Entry entry) {
    return entry.base() + ReleasedTensors.SCALE;
  }

  private static long[] array(List<Long> shape) {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  private void copy(
      Entry entry, Target target, SafetensorsWriter writer, RowConversion conversion) {
    String name = entry.name();
    StoredTensor scale = entry.scale();
    if (same(entry, target)) {
      writer.write(name, entry.tensor().data());
      if (scale != null) {
        writer.write(scaleName(entry), scale.data());
      }
      return;
    }
    int cols = entry.cols();
    int group = Math.max(1, target.rowTile());
    boolean packed = target.type() == StorageType.I8;
    conversion.run(
        tensors.matrix(entry),
        group,
        packed ? cols / 2 : target.type().bytes(cols),
        target.scaled() ? TensorSource.ceilDiv(cols, target.colTile()) : 0,
        encoder(target, cols),
        bytes -> writer.write(name, bytes),
        bytes -> writer.write(scaleName(entry), bytes));
  }

  private static RowConversion.Encoder encoder(Target target, int cols) {
    return switch (target.type()) {
      case I8 ->
          (x, rows, codes, scales) ->
              BlockQuantizer.packFp4(x, 0, cols, target.colTile(), codes, 0, scales, 0);
      case F8_E4M3 ->
          (x, rows, codes, scales) ->
              TileEncoder.fp8(x, rows, cols, target.colTile(), codes, scales);
      default -> (x, rows, codes, scales) -> RowEncoder.encode(target.type(), x, 0, cols, codes, 0);
    };
  }
}
