package io.hadal.formats.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  @TempDir Path folder;

  @Test
  void readsAReferenceFile() {
    try (Safetensors store = Safetensors.open(Resources.path("units.safetensors"))) {
      assertThat(store.names()).hasSize(60).startsWith("attn.kv").endsWith("fp8_block64.codes");
      assertThat(store.files()).containsExactly(Resources.path("units.safetensors"));
      StoredTensor table = store.get("e2m1.table");
      assertThat(table.type()).isEqualTo(StorageType.F32);
      assertThat(table.shape()).containsExactly(16L);
      assertThat(floats(table))
          .containsExactly(
              0f, 0.5f, 1f, 1.5f, 2f, 3f, 4f, 6f, -0f, -0.5f, -1f, -1.5f, -2f, -3f, -4f, -6f);
      assertThat(store.get("attn.out").shape()).containsExactly(5L, 4L, 64L);
      assertThat(store.get("attn.out").elements()).isEqualTo(1280);
      assertThat(store.get("fp8_block64.codes").type()).isEqualTo(StorageType.U8);
      assertThat(table.data().isReadOnly()).isTrue();
    }
  }

  @Test
  void readsEveryKindOfTensor() {
    try (Safetensors store = Safetensors.open(Resources.path("corpus/tiny.safetensors"))) {
      assertThat(store.metadata()).containsOnlyKeys("format").containsEntry("format", "pt");
      assertThat(floats(store.get("layers.0.w.weight"))).containsExactly(0, 1, 2, 3, 4, 5);
      StoredTensor scale = store.get("layers.0.w.scale");
      assertThat(scale.type()).isEqualTo(StorageType.F8_E8M0);
      assertThat(scale.data().get(ValueLayout.JAVA_BYTE, 1)).isEqualTo((byte) 0x80);
      // Behind two bytes, so not aligned.
      assertThat(store.get("ids").data().toArray(LittleEndian.LONG)).containsExactly(-1, 5);
      assertThat(store.get("none").shape()).containsExactly(0L, 4L);
      assertThat(store.get("none").data().byteSize()).isZero();
      assertThat(store.get("one").shape()).isEmpty();
      assertThat(store.get("one").elements()).isEqualTo(1);
    }
  }

  @Test
  void decodesEscapedNamesAndEmptyFiles() {
    try (Safetensors odd = Safetensors.open(Resources.path("corpus/odd-header.safetensors"));
        Safetensors empty = Safetensors.open(Resources.path("corpus/empty.safetensors"))) {
      assertThat(odd.names()).containsExactly("\u00e9\"\\n");
      assertThat(empty.names()).isEmpty();
      assertThat(empty.metadata()).containsEntry("k", "v");
    }
  }

  @Test
  void missingTensorIsNullOrAnErrorThatNamesIt() {
    try (Safetensors store = Safetensors.open(Resources.path("corpus/tiny.safetensors"))) {
      assertThat(store.find("nothing")).isNull();
      assertThatThrownBy(() -> store.get("nothing"))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("nothing");
    }
  }

  @Test
  void closingInvalidatesViewsAndMayBeRepeated() {
    Safetensors store = Safetensors.open(Resources.path("corpus/tiny.safetensors"));
    StoredTensor tensor = store.get("ids");
    store.close();
    store.close();
    assertThatThrownBy(() -> tensor.data().get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void readsShardsOfAnIndex() {
    Path sharded = Resources.path("corpus/sharded");
    for (Path path : List.of(sharded, sharded.resolve(SafetensorsIndex.FILE_NAME))) {
      try (Safetensors store = Safetensors.open(path)) {
        assertThat(store.names()).containsExactly("a", "b", "c");
        assertThat(store.files()).hasSize(2);
        assertThat(store.warnings()).isEmpty();
        assertThat(store.get("c").data().toArray(ValueLayout.JAVA_BYTE))
            .containsExactly((byte) 4, (byte) 5);
      }
    }
  }

  @Test
  void readsAFolderWithoutIndex() throws IOException {
    for (String name : List.of("x", "y")) {
      Files.write(
          folder.resolve(name + ".safetensors"),
          RawSafetensors.of("{'" + name + "':{'dtype':'U8','shape':[3],'data_offsets':[0,3]}}", 3));
    }
    Files.writeString(folder.resolve("._x.safetensors"), "resource fork");
    try (Safetensors store = Safetensors.open(folder)) {
      assertThat(store.names()).containsExactly("x", "y");
    }
  }

  @Test
  void wrongTotalSizeIsOnlyAWarning() throws IOException {
    copyShards();
    Path index = folder.resolve(SafetensorsIndex.FILE_NAME);
    Files.writeString(index, Files.readString(index).replace(": 9", ": 10"));
    try (Safetensors store = Safetensors.open(folder)) {
      assertThat(store.warnings()).singleElement().asString().contains("10").contains("9 bytes");
    }
  }

  @Test
  void totalSizeMayBeWrittenAsAFraction() throws IOException {
    copyShards();
    Path index = folder.resolve(SafetensorsIndex.FILE_NAME);
    Files.writeString(index, Files.readString(index).replace(": 9", ": 9.0"));
    try (Safetensors store = Safetensors.open(folder)) {
      assertThat(store.warnings()).isEmpty();
    }
  }

  @Test
  void followsLinksOfAHubCacheButNoOthers() throws IOException {
    Path snapshot = Files.createDirectories(folder.resolve("repo/snapshots/abc"));
    Path blobs = Files.createDirectories(folder.resolve("repo/blobs"));
    Path outside = Files.createDirectories(folder.resolve("elsewhere"));
    for (Path file : shardFiles()) {
      String name = file.getFileName().toString();
      Files.copy(file, blobs.resolve("blob-" + name));
      Files.copy(file, outside.resolve(name));
      Files.createSymbolicLink(snapshot.resolve(name), Path.of("../../blobs/blob-" + name));
    }
    try (Safetensors store = Safetensors.open(snapshot)) {
      assertThat(store.names()).containsExactly("a", "b", "c");
    }
    Path shard = snapshot.resolve("model-00002-of-00002.safetensors");
    Files.delete(shard);
    Files.createSymbolicLink(shard, outside.resolve(shard.getFileName()));
    assertThatThrownBy(() -> Safetensors.open(snapshot))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("leads out of");
  }

  @Test
  void readsThousandsOfTensorsQuickly() throws IOException {
    int count = 20_000;
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout();
    for (int i = 0; i < count; i++) {
      layout.tensor("layers." + i + ".ffn.experts.0.w1.weight", StorageType.U8, 1);
    }
    Path file = folder.resolve("many.safetensors");
    try (SafetensorsWriter writer = layout.create(file)) {
      for (int i = 0; i < count; i++) {
        writer.write("layers." + i + ".ffn.experts.0.w1.weight", new byte[] {(byte) i});
      }
      writer.finish();
    }
    long start = System.nanoTime();
    try (Safetensors store = Safetensors.open(file)) {
      assertThat(store.names()).hasSize(count);
      assertThat(
              store.get("layers.300.ffn.experts.0.w1.weight").data().get(ValueLayout.JAVA_BYTE, 0))
          .isEqualTo((byte) 300);
    }
    assertThat((System.nanoTime() - start) / 1_000_000).isLessThan(3000);
  }

  private void copyShards() throws IOException {
    for (Path file : shardFiles()) {
      Files.copy(file, folder.resolve(file.getFileName()));
    }
  }

  private static List<Path> shardFiles() throws IOException {
    try (var files = Files.list(Resources.path("corpus/sharded"))) {
      return files.toList();
    }
  }

  private static float[] floats(StoredTensor tensor) {
    return tensor.data().toArray(LittleEndian.FLOAT);
  }
}
