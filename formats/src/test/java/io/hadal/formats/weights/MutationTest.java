package io.hadal.formats.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
  private static final int ROUNDS = 6000;
  private static final long MAX_NANOS = 3_000_000_000L;

  /** Seeds have less than 2 KB; Jackson's buffers and stack traces take most of this. */
  private static final long MAX_ALLOCATION = 2 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"tiny.safetensors", "odd-header.safetensors", "empty.safetensors"})
  void safetensors(String seed) throws IOException {
    attack(Resources.bytes("corpus/" + seed), "x.safetensors", Safetensors::open);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny-v3.gguf", "tiny-v2.gguf", "no-tensors.gguf"})
  void gguf(String seed) throws IOException {
    attack(Resources.bytes("corpus/" + seed), "x.gguf", Gguf::open);
  }

  @Test
  void splitGguf() throws IOException {
    String second = "split-00002-of-00002.gguf";
    Files.copy(Resources.path("corpus/" + second), folder.resolve(second));
    String first = "split-00001-of-00002.gguf";
    attack(Resources.bytes("corpus/" + first), first, file -> Gguf.open(folder.resolve(second)));
  }

  @Test
  void index() throws IOException {
    for (String shard :
        List.of("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")) {
      Files.copy(Resources.path("corpus/sharded/" + shard), folder.resolve(shard));
    }
    attack(
        Resources.bytes("corpus/sharded/" + SafetensorsIndex.FILE_NAME),
        SafetensorsIndex.FILE_NAME,
        file -> Safetensors.open(folder));
  }

  @Test
  void anyContainer() throws IOException {
    attack(Resources.bytes("corpus/tiny-v3.gguf"), "x", Checkpoints::open);
  }

  private void attack(byte[] seed, String name, Function<Path, TensorStore> open)
      throws IOException {
    Path file = folder.resolve(name);
    int loaded = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bytes = round == 0 ? seed : new Mutator(round).mutate(seed);
      Files.write(file, bytes);
      long allocated = Allocation.ofThisThread();
      long start = System.nanoTime();
      try (TensorStore store = open.apply(file)) {
        exercise(store);
        loaded++;
      } catch (FormatException e) {
        assertThat(e.getMessage()).isNotBlank().hasSizeLessThan(4000);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("round " + round + " of " + name, e);
      }
      assertThat(System.nanoTime() - start).as("time of round %d", round).isLessThan(MAX_NANOS);
      assertThat(Allocation.ofThisThread() - allocated)
          .as("allocation of round %d", round)
          .isLessThan(MAX_ALLOCATION);
    }
    // The seed itself and harmless damage load, most damage does not.
    assertThat(loaded).isBetween(2, ROUNDS - 100);
  }

  private static void exercise(TensorStore store) {
    for (String name : store.names()) {
      StoredTensor tensor;
      try {
        tensor = store.get(name);
      } catch (FormatException e) {
        continue;
      }
      long bytes = tensor.data().byteSize();
      assertThat(tensor.type().bytes(tensor.elements())).isEqualTo(bytes);
      if (bytes > 0) {
        tensor.data().get(ValueLayout.JAVA_BYTE, 0);
        tensor.data().get(ValueLayout.JAVA_BYTE, bytes - 1);
      }
    }
    if (store instanceof Gguf gguf) {
      GgufMetadata metadata = gguf.metadata();
      for (String key : metadata.keys()) {
        assertThat(String.valueOf(metadata.find(key))).isNotNull();
        ask(() -> metadata.getString(key));
        ask(() -> metadata.longs(key));
        ask(() -> metadata.doubles(key));
        ask(() -> metadata.getFloatArray(key));
        ask(() -> metadata.getBool(key));
        ask(() -> metadata.getBoolArray(key));
        ask(() -> assertThat(metadata.getStringArray(key)).isNotNull().doesNotContainNull());
      }
    }
  }

  private static void ask(Runnable getter) {
    try {
      getter.run();
    } catch (FormatException e) {
      assertThat(e.getMessage()).contains("key ");
    }
  }
}
