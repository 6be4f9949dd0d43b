package io.hadal.model.weights;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorDigest;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Changes to a model's weights that belong to exactly one checkpoint: low-rank products on matrices
 * and new rows of n-gram tables. Held in memory; immutable.
 *
 * <p>A folder with {@code adapter_config.json} and {@code adapter.safetensors}. For a tensor {@code
 * NAME.weight} the latter has {@code NAME.lora_a} and {@code NAME.lora_b}, or {@code NAME.rows}
 * (ids) and {@code NAME.values}.
 */
public final class Adapter {
  public static final String FORMAT = "hadal-adapter-1";
  public static final String CONFIG = "adapter_config.json";
  public static final String TENSORS = "adapter.safetensors";
  public static final String LORA_A = ".lora_a";
  public static final String LORA_B = ".lora_b";
  public static final String ROWS = ".rows";
  public static final String VALUES = ".values";

  private static final long MAX_CONFIG = 1 << 20;
  private static final int MAX_RANK = 1 << 14;
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path folder;
  private final String base;
  private final String baseName;
  private final String hash;
  private final Map<String, LowRank> matrices = new HashMap<>();
  private final Map<String, TableRows> tables = new HashMap<>();

  /**
   * New rows of a table.
   *
   * @param places index in {@code values} by row id
   * @param width of a row
   * @param values {@code [rows, width]}
   */
  record TableRows(Map<Integer, Integer> places, int width, float[] values) {}

  private Adapter(Path folder, JsonNode config, Safetensors store) {
    this.folder = folder;
    String source = folder.resolve(CONFIG).toString();
    if (!config.path("format").asString("").equals(FORMAT)) {
      throw new FormatException(source, "format is not " + FORMAT);
    }
    this.base = config.path("base_sha256").asString("");
    if (!base.matches("[0-9a-f]{64}")) {
      throw new FormatException(source, "base_sha256 is no SHA-256");
    }
    this.baseName = config.path("base_model").asString("?");
    int rank = config.path("rank").asInt(0);
    double alpha = config.path("alpha").asDouble(Double.NaN);
    if (rank < 1 || rank > MAX_RANK || !Double.isFinite(alpha)) {
      throw new FormatException(source, "rank or alpha is missing or out of range");
    }
    this.hash = TensorDigest.sha256(store);
    for (String name : store.names()) {
      if (name.endsWith(LORA_A)) {
        String target = name.substring(0, name.length() - LORA_A.length());
        matrices.put(target, matrix(store, target, rank, (float) (alpha / rank)));
      } else if (name.endsWith(ROWS)) {
        String target = name.substring(0, name.length() - ROWS.length());
        tables.put(target, table(store, target));
      } else if (!name.endsWith(LORA_B) && !name.endsWith(VALUES)) {
        throw new FormatException(store.source().toString(), "tensor " + name + " is unknown");
      }
    }
  }

  /**
   * Reads an adapter.
   *
   * @throws FormatException when a file is missing or broken
   */
  public static Adapter open(Path folder) {
    Path config = folder.resolve(CONFIG);
    if (!Files.isRegularFile(config)) {
      throw new FormatException(
          folder.toString(),
          "holds no adapter (" + CONFIG + "); `hadal finetune --method lora` writes one");
    }
    JsonNode json = Json.parse(config, MAX_CONFIG);
    try (Safetensors store = Safetensors.open(folder.resolve(TENSORS))) {
      return new Adapter(folder, json, store);
    }
  }

  private static LowRank matrix(Safetensors store, String target, int rank, float scale) {
    StoredTensor a = tensor(store, target + LORA_A, StorageType.F32);
    StoredTensor b = tensor(store, target + LORA_B, StorageType.F32);
    if (a.shape().getFirst() != rank || b.shape().getLast() != rank) {
      throw new FormatException(
          store.source().toString(),
          target + " has the shapes " + a.shape() + " and " + b.shape() + " for a rank of " + rank);
    }
    int rows = Math.toIntExact(b.shape().getFirst());
    int cols = Math.toIntExact(a.shape().getLast());
    return new LowRank(rows, cols, rank, scale, floats(a), floats(b));
  }

  private static TableRows table(Safetensors store, String target) {
    StoredTensor values = tensor(store, target + VALUES, StorageType.F32);
    StoredTensor ids = store.get(target + ROWS);
    List<Long> rows = List.of(values.shape().getFirst());
    if (ids.type() != StorageType.I32 || !ids.shape().equals(rows)) {
      throw new FormatException(
          store.source().toString(), "tensor " + ids.name() + " is not I32 " + rows);
    }
    Map<Integer, Integer> places = new HashMap<>();
    for (int i = 0; i < ids.elements(); i++) {
      places.put(ids.data().get(INT, (long) Integer.BYTES * i), i);
    }
    return new TableRows(places, Math.toIntExact(values.shape().getLast()), floats(values));
  }

  private static StoredTensor tensor(Safetensors store, String name, StorageType type) {
    StoredTensor t = store.get(name);
    if (t.type() != type || t.shape().size() != 2 || t.elements() > Integer.MAX_VALUE) {
      throw new FormatException(
          store.source().toString(), "tensor " + name + " is no matrix of type " + type);
    }
    return t;
  }

  private static float[] floats(StoredTensor tensor) {
    float[] out = new float[Math.toIntExact(tensor.elements())];
    MemorySegment.copy(tensor.data(), FLOAT, 0, out, 0, out.length);
    return out;
  }

  /** Tells adapters apart. */
  public String hash() {
    return hash;
  }

  /** Memory of the changed matrices in f32. */
  public long matrixBytes() {
    return matrices.values().stream()
        .mapToLong(m -> (long) Float.BYTES * m.rows() * m.cols())
        .sum();
  }

  /** Where it was read from. */
  public Path folder() {
    return folder;
  }

  /**
   * Makes sure that the adapter was trained on this checkpoint. Reads all weights once.
   *
   * @throws FormatException when it was another one
   */
  public void requireBase(TensorStore store) {
    String found = TensorDigest.sha256(store);
    if (!found.equals(base)) {
      throw new FormatException(
          folder.toString(),
          "was trained on "
              + baseName
              + " (weights "
              + base.substring(0, 12)
              + "), not on "
              + store.source()
              + " ("
              + found.substring(0, 12)
              + "); name that model with --model");
    }
  }

  /** Names without {@code .weight} of everything it changes. */
  Set<String> names() {
    Set<String> names = new HashSet<>(matrices.keySet());
    names.addAll(tables.keySet());
    return names;
  }

  /** The change of a matrix, by the released name without {@code .weight}; null for none. */
  @Nullable LowRank matrix(String name) {
    return matrices.get(name);
  }

  /** The changed rows of a table; null for none. */
  @Nullable TableRows table(String name) {
    return tables.get(name);
  }
}
