package io.hadal.model;

import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.StoredTokenizer;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.GgufMetadata;
import io.hadal.formats.weights.TensorDigest;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.Matrix;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.GgufConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.engram.CanonicalMap;
import io.hadal.model.engram.CodeVocabulary;
import io.hadal.model.packed.PackedChoice;
import io.hadal.model.packed.PackedFile;
import io.hadal.model.packed.PackedPlaces;
import io.hadal.model.weights.Adapter;
import io.hadal.model.weights.EngramMemory;
import io.hadal.model.weights.ModelWeights;
import io.hadal.model.weights.PackableMatrices;
import io.hadal.model.weights.PackedWeights;
import io.hadal.model.weights.TokenMaps;
import io.hadal.model.weights.WeightBinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A loaded checkpoint: configuration and mapped weights. Immutable and safe to share between
 * threads; close it after everything that uses it.
 */
public final class Model implements AutoCloseable {
  private final Path path;
  private final TensorStore store;
  private final ModelConfig config;
  private final ModelWeights weights;
  private final @Nullable EngramMemory engram;
  private final long engramCacheBytes;
  private final @Nullable Adapter adapter;
  private final PackedWeights packed = new PackedWeights();
  private PackedChoice packedChoice = PackedChoice.AUTO;
  private boolean packedOpened;

  private Model(
      Path path,
      TensorStore store,
      ModelConfig config,
      ModelWeights weights,
      @Nullable EngramMemory engram,
      long engramCacheBytes,
      @Nullable Adapter adapter) {
    this.path = path;
    this.store = store;
    this.config = config;
    this.weights = weights;
    this.engram = engram;
    this.engramCacheBytes = engramCacheBytes;
    this.adapter = adapter;
  }

  /** As {@link #load(Path, long)} with the n-gram tables mapped into memory. */
  public static Model load(Path path) {
    return load(path, 0);
  }

  /**
   * Maps a checkpoint: a folder with {@code config.json} and safetensors files, one safetensors
   * file beside a {@code config.json}, or a GGUF file.
   *
   * @param engramCacheBytes memory for n-gram rows, which are then read from disk one by one; 0
   *     maps the tables
   * @throws io.hadal.formats.FormatException naming file, field or tensor when something is wrong
   */
  public static Model load(Path path, long engramCacheBytes) {
    return load(path, engramCacheBytes, null);
  }

  /**
   * As {@link #load(Path, long)} with an adapter's changes. Changed matrices are copied to memory
   * in f32; everything else stays mapped.
   *
   * @throws io.hadal.formats.FormatException also when the adapter belongs to another checkpoint
   */
  public static Model load(Path path, long engramCacheBytes, @Nullable Adapter adapter) {
    TensorStore store = Checkpoints.open(path);
    boolean ok = false;
    try {
      ModelConfig config = readConfig(path, store);
      if (adapter != null) {
        adapter.requireBase(store);
      }
      ModelWeights weights = WeightBinder.bind(config, store, adapter);
      EngramMemory engram =
          config.engram() == null
              ? null
              : WeightBinder.bindEngram(
                  config,
                  store,
                  tokenMaps(path, config.engram(), config, store),
                  engramCacheBytes,
                  adapter);
      Model model = new Model(path, store, config, weights, engram, engramCacheBytes, adapter);
      ok = true;
      return model;
    } finally {
      if (!ok) {
        store.close();
      }
    }
  }

  /** From the file where it holds a map, else from the tokenizer of the weights. */
  private static TokenMaps tokenMaps(
      Path path, EngramConfig engram, ModelConfig config, TensorStore store) {
    boolean structural = !engram.channels().isEmpty();
    CanonicalMap stored =
        store instanceof Gguf gguf
            ? storedMap(gguf.metadata(), config.vocabSize(), path.toString())
            : null;
    if (stored != null && !structural) {
      return new TokenMaps(stored, null);
    }
    Tokenizer tokenizer =
        StoredTokenizer.find(store, folder(path))
            .orElseThrow(
                () ->
                    new FormatException(
                        path.toString(),
                        "tokenizer.json is missing (in a GGUF file: its tokenizer metadata); the"
                            + " n-gram memory needs the tokenizer that the weights were trained"
                            + " with"));
    String source = path.toString();
    int size = config.vocabSize();
    return new TokenMaps(
        stored != null ? stored : CanonicalMap.of(tokenizer, size, engram.rule(), source),
        structural ? new CodeVocabulary(tokenizer, size, source) : null);
  }

  private static @Nullable CanonicalMap storedMap(
      GgufMetadata metadata, int vocabSize, String source) {
    String key = metadata.requireString("general.architecture") + ".engram.token_map";
    long[] stored = metadata.getLongArray(key);
    if (stored == null) {
      return null;
    }
    if (stored.length != vocabSize) {
      throw new FormatException(
          source,
          "metadata "
              + key
              + " has "
              + stored.length
              + " entries for a vocabulary of "
              + vocabSize);
    }
    int[] map = new int[stored.length];
    for (int i = 0; i < map.length; i++) {
      // Whatever is no token id is refused as out of range.
      map[i] = (int) Math.clamp(stored[i], -1, Integer.MAX_VALUE);
    }
    return CanonicalMap.of(map, source);
  }

  /** The configuration that belongs to opened tensors, without binding them. */
  public static ModelConfig readConfig(Path path, TensorStore store) {
    if (store instanceof Gguf gguf) {
      return GgufConfig.read(gguf, path.toString());
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

  /** The n-gram memory; null without. */
  public @Nullable EngramMemory engram() {
    return engram;
  }

  /** Tells weights apart, adapter included, without reading all of them; 64 hexadecimal digits. */
  public String fingerprint() {
    String base = TensorDigest.sampled(store);
    return adapter == null ? base : TensorDigest.sha256(base + adapter.hash());
  }

  /** What the weights were changed by; null for nothing. */
  public @Nullable Adapter adapter() {
    return adapter;
  }

  /** Memory for rows of n-gram tables on disk; 0 when the tables are mapped. */
  public long engramCacheBytes() {
    return engramCacheBytes;
  }

  /** Chooses where mode fast takes packed weights from; before an engine in that mode is made. */
  public synchronized void choosePacked(PackedChoice choice) {
    packedChoice = choice;
  }

  /**
   * Opens the side file of the choice, if there is one; only the first call does anything.
   *
   * @throws FormatException when a certain file was chosen and cannot be used
   */
  public synchronized void openPacked() {
    if (packedOpened) {
      return;
    }
    Path file = packedChoice.file();
    PackedFile found = null;
    if (file != null) {
      found = PackedFile.open(file, packedFingerprint());
    } else if (packedChoice.search()) {
      found = PackedPlaces.user().find(path, this::packedFingerprint);
    }
    if (found != null) {
      packed.use(found, packable());
    }
    packedOpened = true;
  }

  /** The fingerprint in side files; adapters leave it alone, since they change no packed matrix. */
  public String packedFingerprint() {
    return TensorDigest.sampled(store);
  }

  /** Matrices that mode fast multiplies packed, by name. */
  public Map<String, Matrix> packable() {
    return PackableMatrices.of(config, weights, engram);
  }

  /** Packed forms of the matrices, which mode fast makes and reads. */
  public PackedWeights packed() {
    return packed;
  }

  @Override
  public void close() {
    packed.close();
    if (engram != null) {
      engram.close();
    }
    store.close();
  }
}
