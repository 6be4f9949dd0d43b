package io.hadal.formats.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriterTest {
  @TempDir Path folder;

  @Test
  void safetensorsRoundTripOfAllTypes() {
    Path file = folder.resolve("all.safetensors");
    SafetensorsWriter.Layout layout =
        SafetensorsWriter.layout().metadata("b", "2").metadata("a", "\u00e9\"\n");
    List<StorageType> types =
        Arrays.stream(StorageType.values()).filter(SafetensorsDtype::isStorable).toList();
    assertThat(types).hasSize(12);
    for (StorageType type : types) {
      layout.tensor("t." + type, type, 3, 1, 5);
    }
    layout.tensor("scalar", StorageType.F32).tensor("empty", StorageType.I64, 2, 0);
    try (SafetensorsWriter writer = layout.create(file)) {
      for (StorageType type : types) {
        writer.write("t." + type, pattern(15 * type.blockBytes(), type.name().hashCode()));
      }
      writer.write("scalar", new float[] {2.5f});
      writer.finish();
    }
    try (Safetensors store = Safetensors.open(file)) {
      assertThat(store.metadata()).containsEntry("a", "\u00e9\"\n").containsEntry("b", "2");
      for (StorageType type : types) {
        StoredTensor tensor = store.get("t." + type);
        assertThat(tensor.type()).isEqualTo(type);
        assertThat(tensor.shape()).containsExactly(3L, 1L, 5L);
        assertThat(tensor.data().toArray(ValueLayout.JAVA_BYTE))
            .isEqualTo(pattern(15 * type.blockBytes(), type.name().hashCode()));
        assertThat(tensor.data().address() % type.blockBytes()).as("alignment").isZero();
      }
      assertThat(store.get("scalar").data().get(LittleEndian.FLOAT, 0)).isEqualTo(2.5f);
      assertThat(store.get("empty").shape()).containsExactly(2L, 0L);
    }
  }

  @Test
  void writesNumbersInPieces() {
    Path file = folder.resolve("pieces.safetensors");
    int n = 200_003;
    float[] floats = new float[n];
    long[] longs = new long[n];
    int[] ints = new int[n];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < n; i++) {
      floats[i] = random.nextInt() * 0x1p-16f;
      longs[i] = random.nextLong();
      ints[i] = random.nextInt();
    }
    byte[] bytes = pattern(700_001, 3);
    try (SafetensorsWriter writer =
        SafetensorsWriter.layout()
            .tensor("segment", StorageType.U8, bytes.length)
            .tensor("ints", StorageType.I32, n)
            .tensor("floats", StorageType.F32, n)
            .tensor("longs", StorageType.I64, n)
            .create(file)) {
      writer.write("segment", MemorySegment.ofArray(bytes));
      writer.write("longs", longs);
      writer.write("floats", Arrays.copyOfRange(floats, 0, 17));
      writer.write("ints", ints);
      writer.write("floats", Arrays.copyOfRange(floats, 17, n));
      writer.finish();
    }
    try (Safetensors store = Safetensors.open(file)) {
      assertThat(store.get("floats").data().toArray(LittleEndian.FLOAT)).isEqualTo(floats);
      assertThat(store.get("longs").data().toArray(LittleEndian.LONG)).isEqualTo(longs);
      assertThat(store.get("ints").data().toArray(LittleEndian.INT)).isEqualTo(ints);
      assertThat(store.get("segment").data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
    }
  }

  @Test
  void sameInputGivesTheSameBytes() throws IOException {
    for (String name : List.of("one", "two")) {
      try (SafetensorsWriter writer =
          SafetensorsWriter.layout()
              .metadata(name.equals("one") ? "x" : "y", "1")
              .metadata(name.equals("one") ? "y" : "x", "1")
              .tensor("b", StorageType.I8, 3)
              .tensor("a", StorageType.F32, 1)
              .create(folder.resolve(name))) {
        writer.write("b", new byte[] {1, 2, 3});
        writer.write("a", new float[] {1});
        writer.finish();
      }
    }
    byte[] one = Files.readAllBytes(folder.resolve("one"));
    assertThat(one).isEqualTo(Files.readAllBytes(folder.resolve("two")));
    String text = new String(one, 8, one.length - 8 - 7, StandardCharsets.UTF_8);
    assertThat(text)
        .startsWith(
            "{\"__metadata__\":{\"x\":\"1\",\"y\":\"1\"},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                + "\"b\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[4,7]}}");
    assertThat((one.length - 7) % 8).isZero();
  }

  @Test
  void anUnfinishedFileLeavesTheOldOne() throws IOException {
    Path file = folder.resolve("kept.safetensors");
    Files.writeString(file, "old");
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout().tensor("a", StorageType.U8, 2);
    try (SafetensorsWriter writer = layout.create(file)) {
      writer.write("a", new byte[1]);
      assertThatThrownBy(writer::finish)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("[a]");
    }
    assertThat(Files.readString(file)).isEqualTo("old");
    assertThat(folder.toFile().list()).containsExactly("kept.safetensors");
    try (SafetensorsWriter writer = layout.create(file)) {
      writer.write("a", new byte[2]);
      writer.finish();
    }
    assertThat(folder.toFile().list()).containsExactly("kept.safetensors");
    try (Safetensors store = Safetensors.open(file)) {
      assertThat(store.names()).containsExactly("a");
    }
  }

  @Test
  void misuseIsRefused() {
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout().tensor("a", StorageType.F32, 2);
    assertThatThrownBy(() -> layout.tensor("a", StorageType.F32, 2)).hasMessageContaining("twice");
    assertThatThrownBy(() -> layout.tensor("b", StorageType.Q4_K, 256))
        .hasMessageContaining("Q4_K");
    assertThatThrownBy(() -> layout.tensor("b", StorageType.F32, -1))
        .hasMessageContaining("negative");
    assertThatThrownBy(() -> layout.tensor("__metadata__", StorageType.F32))
        .hasMessageContaining("reserved");
    try (SafetensorsWriter writer = layout.create(folder.resolve("x"))) {
      assertThatThrownBy(() -> writer.write("b", new byte[1])).hasMessageContaining("not declared");
      assertThatThrownBy(() -> writer.write("a", new int[1])).hasMessageContaining("F32, not I32");
      assertThatThrownBy(() -> writer.write("a", new float[3])).hasMessageContaining("8 bytes");
    }
    assertThatThrownBy(() -> layout.create(folder.resolve("none/x")))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("cannot be written");
    assertThatThrownBy(() -> GgufWriter.layout().tensor("q", StorageType.Q4_K, 2, 255))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> GgufWriter.layout().tensor("q", StorageType.F8_E4M3, 2))
        .hasMessageContaining("F8_E4M3");
  }

  @Test
  void ggufRoundTripOfAllTypes() {
    Path file = folder.resolve("all.gguf");
    GgufWriter.Layout layout = GgufWriter.layout().alignment(128);
    List<StorageType> types =
        Arrays.stream(StorageType.values()).filter(t -> GgmlType.of(t) != null).toList();
    assertThat(types).hasSize(24);
    for (StorageType type : types) {
      layout.tensor("t." + type, type, 3, 1, 256);
    }
    layout.tensor("scalar", StorageType.F32).tensor("empty", StorageType.Q8_0, 0, 32);
    try (GgufWriter writer = layout.create(file)) {
      for (StorageType type : types.reversed()) {
        writer.write("t." + type, pattern((int) type.bytes(768), type.name().hashCode()));
      }
      writer.write("scalar", new float[] {2.5f});
      writer.finish();
    }
    try (Gguf store = Gguf.open(file)) {
      assertThat(store.names()).hasSize(26).startsWith("t.F64").endsWith("scalar", "empty");
      for (StorageType type : types) {
        StoredTensor tensor = store.get("t." + type);
        assertThat(tensor.type()).isEqualTo(type);
        assertThat(tensor.shape()).containsExactly(3L, 1L, 256L);
        assertThat(tensor.data().toArray(ValueLayout.JAVA_BYTE))
            .isEqualTo(pattern((int) type.bytes(768), type.name().hashCode()));
        assertThat(tensor.data().address() % 128).isZero();
      }
      assertThat(store.get("scalar").shape()).isEmpty();
      assertThat(store.get("empty").elements()).isZero();
      assertThat(store.metadata().requireLong("general.alignment")).isEqualTo(128);
      assertThat(store.files().getFirst().toFile().length() % 128).isZero();
    }
  }

  @Test
  void ggufWriterRepeatsAForeignFile() throws IOException {
    Path foreign = Resources.path("ds4-subset.gguf");
    Path copy = folder.resolve("copy.gguf");
    try (Gguf store = Gguf.open(foreign)) {
      GgufWriter.Layout layout = GgufWriter.layout();
      for (String key : store.metadata().keys()) {
        layout.put(key, Objects.requireNonNull(store.metadata().find(key)));
      }
      for (String name : store.names()) {
        StoredTensor tensor = store.get(name);
        layout.tensor(
            name, tensor.type(), tensor.shape().stream().mapToLong(Long::longValue).toArray());
      }
      try (GgufWriter writer = layout.create(copy)) {
        for (String name : store.names()) {
          writer.write(name, store.get(name).data());
        }
        writer.finish();
      }
    }
    assertThat(copy).hasSameBinaryContentAs(foreign);
  }

  private static byte[] pattern(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
