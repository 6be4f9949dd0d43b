package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;

/** A golden checkpoint with changes, written to a folder of its own. */
final class ChangedCheckpoint {
  private record Tensor(StorageType type, long[] shape, byte[] data) {}

  private final GoldenModel golden;
  private final Map<String, Tensor> tensors = new TreeMap<>();
  private String config;

  ChangedCheckpoint(GoldenModel golden) {
    this.golden = golden;
    try (Safetensors store = Safetensors.open(golden.folder().resolve("model.safetensors"))) {
      config = Files.readString(golden.folder().resolve("config.json"));
      for (String name : store.names()) {
        StoredTensor t = Objects.requireNonNull(store.find(name));
        tensors.put(
            name,
            new Tensor(
                t.type(),
                t.shape().stream().mapToLong(Long::longValue).toArray(),
                t.data().toArray(ValueLayout.JAVA_BYTE)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Replaces text of the configuration that must be there. */
  ChangedCheckpoint config(String from, String to) {
    assertThat(config).contains(from);
    config = config.replace(from, to);
    return this;
  }

  /** Changes the bytes of a tensor in place. */
  ChangedCheckpoint edit(String name, Consumer<MemorySegment> change) {
    change.accept(MemorySegment.ofArray(Objects.requireNonNull(tensors.get(name), name).data()));
    return this;
  }

  /** Adds or replaces a tensor. */
  ChangedCheckpoint put(String name, StorageType type, byte[] data, long... shape) {
    tensors.put(name, new Tensor(type, shape, data));
    return this;
  }

  ChangedCheckpoint drop(String name) {
    assertThat(tensors.remove(name)).as(name).isNotNull();
    return this;
  }

  /** Writes the checkpoint; the folder must exist. */
  Path write(Path folder) throws IOException {
    Files.writeString(folder.resolve("config.json"), config);
    Path tokenizer = golden.folder().resolve("tokenizer.json");
    if (Files.exists(tokenizer)) {
      Files.copy(tokenizer, folder.resolve("tokenizer.json"));
    }
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout();
    tensors.forEach((name, t) -> layout.tensor(name, t.type(), t.shape()));
    try (SafetensorsWriter writer = layout.create(folder.resolve("model.safetensors"))) {
      tensors.forEach((name, t) -> writer.write(name, t.data()));
      writer.finish();
    }
    return folder;
  }
}
