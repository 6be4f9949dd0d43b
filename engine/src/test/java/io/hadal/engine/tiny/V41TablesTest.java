package io.hadal.engine.tiny;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import io.hadal.engine.tiny.TinyCheckpoint.Storage;
import io.hadal.formats.FormatException;
import io.hadal.formats.weights.GgufValue;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import io.hadal.model.Model;
import io.hadal.model.config.IndexerConfig.Candidates;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Engram tables of GGUF files (engram spec 9): every type gives the same bits as its numbers in
 * F32, mapped or read row by row.
 */
class V41TablesTest {
  private static final long CACHE = 4096;

  @TempDir Path folder;

  private static TinyCheckpoint checkpoint(int width) {
    return TinyCheckpoint.ofV41(
        77,
        Storage.FLOAT,
        c -> {
          c.engramDim = width;
          c.engramHeads = 1;
          c.engramLayers = new int[] {1, 3};
          c.drafters = 0;
          c.active = 1;
          // As converters leave it to the loader.
          c.candidateBlocks = 2048;
          c.candidateSize = 8;
        });
  }

  private static String table(int layer) {
    return "blk." + layer + ".engram_embd.weight";
  }

  private static float[][] logits(Path path, long cacheBytes) {
    int[] tokens = new SplittableRandom(3).ints(40, 0, 300).toArray();
    try (Model model = Model.load(path, cacheBytes);
        Engine engine = new Engine(model, TinyModels.options());
        Session session = engine.newSession()) {
      return session.appendAll(tokens);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Q8_0, 32, q8_0, false",
    "Q8_0, 64, , false",
    "MXFP4, 32, mxfp4, false",
    "Q4_K, 256, q4_k, false",
    "Q4_K, 256, q4_k_row144, false",
    "Q4_K, 256, q4_k_row144, true",
    "BF16, 24, bf16, false",
    "F16, 24, , false",
  })
  void quantisedTables(StorageType type, int width, String encoding, boolean bytes) {
    TinyCheckpoint checkpoint = checkpoint(width);
    V41Config c = (V41Config) checkpoint.config();
    Map<String, Stored> hf = new LinkedHashMap<>(checkpoint.released());
    Map<String, Stored> gguf =
        new LinkedHashMap<>(TinyGguf.tensors(checkpoint, StorageType.F32, TinyGguf.Drafter.NONE));
    SplittableRandom random = new SplittableRandom(width + type.ordinal());
    for (int layer : c.engramLayers) {
      int rows = (int) Objects.requireNonNull(gguf.get(table(layer))).shape()[0];
      byte[] data = random(type, rows * width / type.blockElements(), random);
      float[] numbers = new float[rows * width];
      Matrix m = Matrix.of(type, MemorySegment.ofArray(data), rows, width);
      for (int r = 0; r < rows; r++) {
        Kernels.get().dequantize(m, r, 0, width, numbers, r * width);
      }
      hf.put(
          "layers." + layer + ".engram.embed.weight",
          Stored.floats(StorageType.F32, numbers, rows, width));
      gguf.put(
          table(layer),
          bytes
              ? new Stored(StorageType.I8, new long[] {rows, data.length / rows}, data)
              : new Stored(type, new long[] {rows, width}, data));
    }
    Path released = folder.resolve("hf");
    checkpoint.write(released);
    TinyCheckpoint.write(released, c.json(), hf);
    float[][] expected = logits(released, 0);
    assertThat(expected[39]).isNotEqualTo(logits(checkpoint.write(folder.resolve("plain")), 0)[39]);

    Map<String, GgufValue> metadata = TinyGguf.metadata(c);
    if (bytes) {
      metadata.remove("deepseek41.engram.key_length");
    }
    if (encoding != null) {
      metadata.put("deepseek41.engram.encoding", GgufValue.text(encoding));
    }
    Path file = TinyGguf.write(folder.resolve("m.gguf"), metadata, gguf);
    assertThat(logits(file, 0)).isDeepEqualTo(expected);
    assertThat(logits(file, CACHE)).isDeepEqualTo(expected);
    assertThat(logits(released, CACHE)).isDeepEqualTo(expected);
  }

  /** Random blocks whose scales are numbers of moderate size. */
  private static byte[] random(StorageType type, int blocks, SplittableRandom random) {
    ByteBuffer out = ByteBuffer.allocate(blocks * type.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int b = 0; b < blocks; b++) {
      int at = b * type.blockBytes();
      for (int i = 0; i < type.blockBytes(); i++) {
        out.put(at + i, (byte) random.nextInt(256));
      }
      switch (type) {
        case Q8_0 -> out.putShort(at, half(random, 0.01));
        case MXFP4 -> out.put(at, (byte) (124 + random.nextInt(3)));
        case Q4_K -> {
          out.putShort(at, half(random, 0.002));
          out.putShort(at + 2, half(random, 0.01));
        }
        case F16 -> out.putShort(at, half(random, 1));
        case BF16 -> out.putShort(at, (short) (0x3f80 + random.nextInt(64)));
        default -> throw new IllegalStateException(type.toString());
      }
    }
    return out.array();
  }

  private static short half(SplittableRandom random, double scale) {
    return Float.floatToFloat16((float) (scale * (0.5 + random.nextDouble())));
  }

  private Path write(String name, Map<String, GgufValue> metadata, TinyCheckpoint checkpoint) {
    return TinyGguf.write(
        folder.resolve(name),
        metadata,
        TinyGguf.tensors(checkpoint, StorageType.F32, TinyGguf.Drafter.NONE));
  }

  @Test
  void whatAFileLeavesOutIsTheRelease() {
    TinyCheckpoint checkpoint = checkpoint(8);
    V41Config c = (V41Config) checkpoint.config();
    Path file = write("m.gguf", TinyGguf.metadata(c), checkpoint);
    try (Model model = Model.load(file)) {
      assertThat(model.config().indexer().candidates()).isEqualTo(new Candidates(4, 2048, 8));
      for (int i = 0; i < c.ratios.length; i++) {
        assertThat(model.config().layers().get(i).compresses()).isEqualTo(c.isSource(i));
        assertThat(model.config().layers().get(i).selects()).isEqualTo(c.isIndexSource(i));
      }
    }
    assertThat(logits(file, 0)).isDeepEqualTo(logits(checkpoint.write(folder.resolve("hf")), 0));
  }

  @Test
  void storedHashConstants() {
    TinyCheckpoint checkpoint = checkpoint(8);
    V41Config c = (V41Config) checkpoint.config();
    EngramReference memory = new EngramReference(c, TinyTokenizer.canonical(c.vocab));
    int columns = c.engramColumns();
    long[] primes = new long[2 * columns];
    long[] offsets = new long[primes.length];
    long[] multipliers = new long[2 * c.engramOrder];
    for (int place = 0; place < 2; place++) {
      System.arraycopy(memory.primes(place), 0, primes, place * columns, columns);
      System.arraycopy(
          memory.multipliers(place), 0, multipliers, place * c.engramOrder, c.engramOrder);
      for (int i = 1; i < columns; i++) {
        int at = place * columns + i;
        offsets[at] = offsets[at - 1] + primes[at - 1];
      }
    }
    Map<String, GgufValue> metadata = TinyGguf.metadata(c);
    // Sizes follow from the constants.
    metadata.remove("deepseek41.engram.vocab_size");
    metadata.remove("deepseek41.engram.head_count");
    metadata.remove("deepseek41.engram.max_ngram_size");
    TinyGguf.wholes(metadata, "engram.primes", primes);
    TinyGguf.wholes(metadata, "engram.multipliers", multipliers);
    TinyGguf.wholes(metadata, "engram.offsets", offsets);
    Path file = write("m.gguf", metadata, checkpoint);
    float[][] expected = logits(checkpoint.write(folder.resolve("hf")), 0);
    assertThat(logits(file, 0)).isDeepEqualTo(expected);
    assertThat(logits(file, CACHE)).isDeepEqualTo(expected);

    offsets[columns] = 1;
    TinyGguf.wholes(metadata, "engram.offsets", offsets);
    Path moved = write("moved.gguf", metadata, checkpoint);
    assertThatThrownBy(() -> Model.load(moved).close())
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("engram.offsets holds 1 at " + columns);
  }
}
