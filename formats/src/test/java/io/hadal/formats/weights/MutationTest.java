package io.hadal.formats.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damaged files either load, with all views inside the file, or give a {@link FormatException}; in
 * bounded time and memory.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class MutationTest {
  private static final int ROUNDS_IN_MEMORY = 4_000;

  /** Fewer: unmapping a file that threads share costs a handshake with all threads. */
  private static final int ROUNDS_ON_DISK = 200;

  private static final long MAX_NANOS = 3_000_000_000L;

  /** Seeds have less than 2 KB; Jackson's buffers and stack traces take most of this. */
  private static final long MAX_ALLOCATION = 2 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"tiny.safetensors", "odd-header.safetensors", "empty.safetensors"})
  void safetensors(String seed) throws IOException {
    byte[] valid = Resources.bytes("corpus/" + seed);
    attack(
        valid,
        ROUNDS_IN_MEMORY,
        bytes -> SafetensorsFile.parse(inMemory(bytes)).tensors().values().forEach(this::touch));
    attackOnDisk(valid, "x.safetensors", Safetensors::open);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"tiny-v3.gguf", "tiny-v2.gguf", "no-tensors.gguf", "split-00001-of-00002.gguf"})
  void gguf(String seed) throws IOException {
    byte[] valid = Resources.bytes("corpus/" + seed);
    attack(
        valid,
        ROUNDS_IN_MEMORY,
        bytes -> {
          GgufFile file = GgufFile.parse(inMemory(bytes));
          exercise(file.metadata());
          for (GgufTensorInfo info : file.infos()) {
            if (info.bytes() > 0) {
              file.data().asSlice(info.offset(), info.bytes());
            }
          }
        });
    if (!seed.startsWith("split")) {
      attackOnDisk(valid, "x.gguf", Checkpoints::open);
    }
  }

  @Test
  void splitGguf() throws IOException {
    String second = "split-00002-of-00002.gguf";
    Files.copy(Resources.path("corpus/" + second), folder.resolve(second));
    String first = "split-00001-of-00002.gguf";
    attackOnDisk(
        Resources.bytes("corpus/" + first), first, file -> Gguf.open(folder.resolve(second)));
  }

  @Test
  void index() throws IOException {
    for (String shard :
        List.of("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")) {
      Files.copy(Resources.path("corpus/sharded/" + shard), folder.resolve(shard));
    }
    byte[] valid = Resources.bytes("corpus/sharded/" + SafetensorsIndex.FILE_NAME);
    ModelFolder root = ModelFolder.at(folder);
    attack(
        valid,
        ROUNDS_IN_MEMORY,
        bytes -> {
          for (String shard : SafetensorsIndex.parse(bytes, "index").shards()) {
            assertThat(root.resolve(shard, "index").toRealPath()).startsWith(root.real());
          }
        });
    attackOnDisk(valid, SafetensorsIndex.FILE_NAME, file -> Safetensors.open(folder));
  }

  private interface Target {
    void accept(byte[] bytes) throws IOException;
  }

  private void attackOnDisk(byte[] seed, String name, Function<Path, TensorStore> open)
      throws IOException {
    Path file = folder.resolve(name);
    attack(
        seed,
        ROUNDS_ON_DISK,
        bytes -> {
          Files.write(file, bytes);
          try (TensorStore store = open.apply(file)) {
            exercise(store);
          }
        });
  }

  private static void attack(byte[] seed, int rounds, Target target) throws IOException {
    // Must load; the first run also pays for loading classes.
    target.accept(seed);
    int loaded = 0;
    for (int round = 0; round < rounds; round++) {
      byte[] bytes = new Mutator(round).mutate(seed);
      long allocated = Allocation.ofThisThread();
      long start = System.nanoTime();
      try {
        target.accept(bytes);
        loaded++;
      } catch (FormatException e) {
        if (e.toString().length() > 4000) {
          throw new AssertionError("message of " + e.toString().length() + " characters", e);
        }
      } catch (RuntimeException | Error e) {
        throw new AssertionError("round " + round, e);
      }
      if (System.nanoTime() - start > MAX_NANOS) {
        throw new AssertionError("round " + round + " took too long");
      }
      if (Allocation.ofThisThread() - allocated > MAX_ALLOCATION
          && allocation(target, bytes) > MAX_ALLOCATION) {
        throw new AssertionError("round " + round + " allocated too much");
      }
    }
    // Some damage is harmless, most is not.
    assertThat(loaded).isBetween(1, rounds - rounds / 20);
  }

  /** Once more: the first file that is refused pays for the classes of errors. */
  private static long allocation(Target target, byte[] bytes) throws IOException {
    long before = Allocation.ofThisThread();
    try {
      target.accept(bytes);
    } catch (FormatException e) {
      // Refused as before.
    }
    return Allocation.ofThisThread() - before;
  }

  private static MappedFile inMemory(byte[] bytes) {
    return new MappedFile(Path.of("x"), MemorySegment.ofArray(bytes));
  }

  private void exercise(TensorStore store) {
    for (String name : store.names()) {
      try {
        touch(store.get(name));
      } catch (FormatException e) {
        // A type without decoder.
        assertThat(e.getMessage()).contains("GGML type");
      }
    }
    if (store instanceof Gguf gguf) {
      exercise(gguf.metadata());
    }
  }

  private void touch(StoredTensor tensor) {
    long bytes = tensor.data().byteSize();
    if (tensor.type().bytes(tensor.elements()) != bytes) {
      throw new AssertionError(tensor + " has " + bytes + " bytes");
    }
    if (bytes > 0) {
      tensor.data().get(ValueLayout.JAVA_BYTE, 0);
      tensor.data().get(ValueLayout.JAVA_BYTE, bytes - 1);
    }
  }

  private static void exercise(GgufMetadata metadata) {
    for (String key : metadata.keys()) {
      ask(() -> metadata.getString(key));
      ask(() -> metadata.longs(key));
      ask(() -> metadata.doubles(key));
      ask(() -> metadata.getFloatArray(key));
      ask(() -> metadata.getBool(key));
      ask(() -> metadata.getBoolArray(key));
      ask(() -> metadata.requireStringArray(key).forEach(Objects::requireNonNull));
      if (String.valueOf(metadata.find(key)).length() > 70_000) {
        throw new AssertionError("long text of key " + key);
      }
    }
  }

  private static void ask(Runnable getter) {
    try {
      getter.run();
    } catch (FormatException e) {
      if (!e.toString().contains("key ")) {
        throw e;
      }
    }
  }
}
