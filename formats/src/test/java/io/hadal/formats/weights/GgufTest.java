package io.hadal.formats.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.kernels.StorageType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class GgufTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"ds4-subset", "q4km-subset"})
  void agreesWithAnIndependentParser(String name) throws NoSuchAlgorithmException {
    JsonNode expected = Json.parse(Resources.bytes(name + ".json"), name);
    try (Gguf store = Gguf.open(Resources.path(name + ".gguf"))) {
      List<String> names = new ArrayList<>();
      for (JsonNode entry : expected.get("tensors")) {
        StoredTensor tensor = store.get(entry.get("name").asString());
        names.add(tensor.name());
        assertThat(tensor.type().name()).isEqualTo(entry.get("type").asString());
        assertThat(tensor.shape().toString())
            .isEqualTo(entry.get("shape").toString().replace(",", ", "));
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        sha.update(tensor.data().asByteBuffer());
        assertThat(HexFormat.of().formatHex(sha.digest()))
            .isEqualTo(entry.get("sha256").asString());
      }
      assertThat(store.names()).containsExactlyElementsOf(names);
      GgufMetadata metadata = store.metadata();
      assertThat(metadata.keys()).hasSize(expected.get("metadata").size());
      for (var entry : expected.get("metadata").properties()) {
        String key = entry.getKey();
        JsonNode value = entry.getValue();
        switch (value.getNodeType()) {
          case STRING -> assertThat(metadata.requireString(key)).isEqualTo(value.asString());
          case BOOLEAN -> assertThat(metadata.requireBool(key)).isEqualTo(value.asBoolean());
          case NUMBER -> assertThat(metadata.requireDouble(key)).isEqualTo(value.asDouble());
          default ->
              assertThat(metadata.requireDoubleArray(key))
                  .containsExactly(value.valueStream().mapToDouble(JsonNode::asDouble).toArray());
        }
      }
    }
  }

  @Test
  void readsEveryValueType() {
    try (Gguf store = Gguf.open(Resources.path("corpus/tiny-v3.gguf"))) {
      GgufMetadata m = store.metadata();
      assertThat(m.keys()).hasSize(20).startsWith("general.architecture", "general.alignment");
      assertThat(m.requireString("general.architecture")).isEqualTo("tiny");
      assertThat(m.requireLong("u8")).isEqualTo(200);
      assertThat(m.requireLong("i8")).isEqualTo(-3);
      assertThat(m.requireLong("u16")).isEqualTo(60_000);
      assertThat(m.requireLong("i16")).isEqualTo(-300);
      assertThat(m.requireLong("u32")).isEqualTo(4_000_000_000L);
      assertThat(m.requireLong("i32")).isEqualTo(-70_000);
      assertThat(m.requireLong("i64")).isEqualTo(-(1L << 40));
      assertThat(m.requireDouble("f32")).isEqualTo(1.5);
      assertThat(m.requireDouble("f64")).isEqualTo(0.1);
      assertThat(m.requireDouble("u8")).isEqualTo(200);
      assertThat(m.requireBool("bool")).isTrue();
      assertThat(m.requireStringArray("tokens")).containsExactly("a", "", "\u00e9", "\u6df1\u6d77");
      assertThat(m.requireLongArray("a.i32")).containsExactly(0, 4, -128);
      assertThat(m.requireLongArray("a.u64")).containsExactly(7);
      assertThat(m.requireFloatArray("a.f32")).containsExactly(1.5f, -2f);
      assertThat(m.requireDoubleArray("a.i32")).containsExactly(0, 4, -128);
      assertThat(m.getBoolArray("a.bool")).containsExactly(false, true);
      assertThat(m.requireLongArray("a.none")).isEmpty();
      assertThat(m.requireStringArray("a.none")).isEmpty();
      assertThat(m.longs("u8")).containsExactly(200);
      assertThat(m.longs("a.i32")).hasSize(3);
      assertThat(m.doubles("f32")).containsExactly(1.5);
      assertThat(m.find("nested"))
          .isEqualTo(
              new GgufValue.Nested(
                  List.of(
                      GgufValue.wholes(GgufValueType.INT32, 1, 2),
                      new GgufValue.Nested(List.of(GgufValue.texts(List.of("x")))),
                      GgufValue.texts(List.of()))));
    }
  }

  @Test
  void gettersTellMissingFromWrong() {
    GgufMetadata m;
    try (Gguf store = Gguf.open(Resources.path("corpus/tiny-v3.gguf"))) {
      m = store.metadata();
    }
    // The store is closed: metadata outlives it.
    assertThat(m.has("u8")).isTrue();
    assertThat(m.has("none")).isFalse();
    assertThat(m.getLong("none")).isNull();
    assertThat(m.getString("none")).isNull();
    assertThat(m.longs("none")).isNull();
    assertThat(m.getLong("none", 5)).isEqualTo(5);
    assertThat(m.getDouble("none", 0.5)).isEqualTo(0.5);
    assertThat(m.getString("none", "x")).isEqualTo("x");
    assertThat(m.getBool("none", true)).isTrue();
    assertThatThrownBy(() -> m.requireLong("none"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tiny-v3.gguf: key 'none' is missing, expected an integer");
    assertThatThrownBy(() -> m.getLong("f32", 1)).hasMessageContaining("found float32");
    assertThatThrownBy(() -> m.getLong("tokens")).hasMessageContaining("found array of 4 string");
    assertThatThrownBy(() -> m.getString("u8"))
        .hasMessageContaining("'u8' must be a string, found uint8");
    assertThatThrownBy(() -> m.getBool("u8")).hasMessageContaining("must be a bool");
    assertThatThrownBy(() -> m.getDouble("bool"))
        .hasMessageContaining("must be a number, found bool");
    assertThatThrownBy(() -> m.getLongArray("u8"))
        .hasMessageContaining("must be an array of integers");
    assertThatThrownBy(() -> m.getLongArray("a.f32")).hasMessageContaining("array of 2 float32");
    assertThatThrownBy(() -> m.getStringArray("a.i32")).hasMessageContaining("array of strings");
    assertThatThrownBy(() -> m.getDoubleArray("tokens")).hasMessageContaining("array of numbers");
    assertThatThrownBy(() -> m.getBoolArray("a.i32")).hasMessageContaining("array of bools");
    assertThatThrownBy(() -> m.getStringArray("nested")).hasMessageContaining("array of 3 array");
    assertThatThrownBy(() -> m.getLong("u64"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("too large: 9223372036854775817");
  }

  @Test
  void shapesAreOutermostFirst() {
    try (Gguf store = Gguf.open(Resources.path("corpus/tiny-v3.gguf"))) {
      StoredTensor a = store.get("a.weight");
      assertThat(a.shape()).containsExactly(2L, 3L);
      assertThat(a.data().toArray(LittleEndian.FLOAT)).containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(a.data().isReadOnly()).isTrue();
      assertThat(store.get("q.weight").type()).isEqualTo(StorageType.Q8_0);
      assertThat(store.get("q.weight").data().byteSize()).isEqualTo(68);
      assertThat(store.get("z").shape()).containsExactly(5L, 0L);
      assertThat(store.get("scalar").data().get(LittleEndian.DOUBLE, 0)).isEqualTo(2.5);
    }
  }

  @Test
  void aTypeWithoutDecoderFailsOnlyWhenAsked() {
    try (Gguf store = Gguf.open(Resources.path("corpus/tiny-v3.gguf"))) {
      assertThat(store.names()).contains("x.iq1", "future");
      assertThat(store.infos())
          .filteredOn(info -> info.storage() == null)
          .extracting(GgufTensorInfo::typeName)
          .containsExactly("IQ1_M", "unknown");
      assertThatThrownBy(() -> store.get("x.iq1"))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("'x.iq1' has the GGML type IQ1_M (id 29)");
      assertThatThrownBy(() -> store.get("future")).hasMessageContaining("type unknown (id 999)");
      assertThat(store.find("nothing")).isNull();
    }
  }

  @Test
  void typeIdsAreThoseOfTheFormat() {
    for (GgmlType type : GgmlType.values()) {
      assertThat(GgmlType.of(type.id())).isSameAs(type);
      if (type.storage() != null) {
        assertThat(type.storage().name()).isEqualTo(type.name());
      }
    }
    for (GgufValueType type : GgufValueType.values()) {
      assertThat(GgufValueType.of(type.id())).isSameAs(type);
    }
    assertThat(GgmlType.of(-1)).isNull();
    assertThat(GgmlType.BF16.id()).isEqualTo(30);
    assertThat(GgmlType.MXFP4.id()).isEqualTo(39);
  }

  @Test
  void readsVersionTwo() {
    try (Gguf store = Gguf.open(Resources.path("corpus/tiny-v2.gguf"))) {
      assertThat(store.get("w").type()).isEqualTo(StorageType.BF16);
    }
  }

  @Test
  void anyPartOpensASplitModel() {
    for (String part : List.of("split-00001-of-00002.gguf", "split-00002-of-00002.gguf")) {
      try (Gguf store = Gguf.open(Resources.path("corpus/" + part))) {
        assertThat(store.names()).containsExactly("t0", "t1");
        assertThat(store.files()).hasSize(2);
        assertThat(store.metadata().requireString("general.architecture")).isEqualTo("split");
        assertThat(store.get("t1").data().toArray(LittleEndian.INT)).containsExactly(1, 7);
      }
    }
  }

  @Test
  void missingOrForeignPartsAreNamed() throws IOException {
    String first = "split-00001-of-00002.gguf";
    String second = "split-00002-of-00002.gguf";
    Path one = Files.copy(Resources.path("corpus/" + first), folder.resolve(first));
    assertThatThrownBy(() -> Gguf.open(one))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("part " + second + " of the split model is missing");
    Path renamed = Files.copy(one, folder.resolve("renamed.gguf"));
    assertThatThrownBy(() -> Gguf.open(renamed))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("its name must end in -00001-of-00002.gguf");
    Files.copy(one, folder.resolve(second));
    assertThatThrownBy(() -> Gguf.open(one))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(second)
        .hasMessageContaining("split.no is 0, expected 1");
    Path fewer = writePart(1, 2, 3, "t1");
    assertThatThrownBy(() -> Gguf.open(fewer))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("split.tensors.count is 2, expected 1");
    Path twice = writePart(1, 2, 2, "t0", "t0");
    assertThatThrownBy(() -> Gguf.open(twice))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("'t0' is present in " + first + " and " + second);
  }

  private Path writePart(int number, int count, int tensors, String... declared) {
    Path file = folder.resolve(String.format("split-%05d-of-%05d.gguf", number + 1, count));
    GgufWriter.Layout layout =
        GgufWriter.layout()
            .put("split.no", new GgufValue.Whole(GgufValueType.UINT16, number))
            .put("split.count", new GgufValue.Whole(GgufValueType.UINT16, count))
            .put("split.tensors.count", new GgufValue.Whole(GgufValueType.INT32, tensors));
    if (declared.length > 1) {
      layout.tensor(declared[0], StorageType.I8, 0);
    }
    try (GgufWriter writer = layout.create(file)) {
      writer.finish();
    }
    return file;
  }

  @Test
  void vocabulariesLoadFastAndCompact() {
    int tokens = 129_280;
    List<String> texts = new ArrayList<>();
    List<String> merges = new ArrayList<>();
    for (int i = 0; i < tokens; i++) {
      texts.add("\u0120token" + i);
      merges.add("\u0120to" + i + " ken");
    }
    Path file = folder.resolve("vocabulary.gguf");
    try (GgufWriter writer =
        GgufWriter.layout()
            .put("tokenizer.ggml.tokens", GgufValue.texts(texts))
            .put("tokenizer.ggml.merges", GgufValue.texts(merges))
            .put(
                "tokenizer.ggml.token_type",
                GgufValue.wholes(GgufValueType.INT32, new long[tokens]))
            .create(file)) {
      writer.finish();
    }
    Gguf.open(file).close();
    long before = Allocation.ofThisThread();
    long start = System.nanoTime();
    try (Gguf store = Gguf.open(file)) {
      long millis = (System.nanoTime() - start) / 1_000_000;
      long allocated = Allocation.ofThisThread() - before;
      assertThat(millis).isLessThan(1000);
      assertThat(allocated).isLessThan(3 * file.toFile().length() / 2);
      assertThat(store.metadata().requireStringArray("tokenizer.ggml.tokens")).isEqualTo(texts);
      assertThat(store.metadata().requireStringArray("tokenizer.ggml.merges")).isEqualTo(merges);
    }
  }
}
