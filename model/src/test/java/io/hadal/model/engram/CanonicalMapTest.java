package io.hadal.model.engram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.formats.weights.Safetensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class CanonicalMapTest {

  @Test
  void mapOfTheGoldenTokenizer() {
    CanonicalMap map = CanonicalMap.of(Goldens.tinyTokenizer(), 512, "tiny");
    try (Safetensors golden = Goldens.model("e")) {
      assertThat(map.toArray()).containsExactly(Goldens.ints(golden.get("token_map")));
    }
    assertThat(map.size()).isEqualTo(370);
    map.requireSize(370, "tiny");
  }

  @Test
  void mapOfTheReleasedVocabulary() throws Exception {
    JsonNode release = Goldens.release().get("canonical_map");
    Tokenizer tokenizer = Goldens.v3Tokenizer();
    CanonicalMap map = CanonicalMap.of(tokenizer, tokenizer.vocabSize(), "V3");
    int base = release.get("base_ids").intValue();
    int[] ids = Arrays.copyOf(map.toArray(), base);
    for (Map.Entry<String, JsonNode> sample : release.get("samples").properties()) {
      assertThat(map.canonical(Integer.parseInt(sample.getKey())))
          .as("token %s", sample.getKey())
          .isEqualTo(sample.getValue().intValue());
    }
    assertThat(IntStream.of(ids).max().orElseThrow() + 1)
        .isEqualTo(release.get("base_canonical_count").intValue());
    ByteBuffer bytes = ByteBuffer.allocate(4 * base).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(ids);
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes.array());
    assertThat(HexFormat.of().formatHex(hash))
        .isEqualTo(release.get("sha256_int32_le_of_map_0_to_127999").stringValue());
  }

  @ParameterizedTest
  @CsvSource(
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "Hello,hello",
        " Hello ,hello",
        "Été,ete",
        "ﬁne,fine",
        "Ａ１,a1",
        "ΣΑΣ,σασ",
        "İ,i",
        "x²,x2",
        "'a \t\n b',a b",
        "'  ',' '",
        "'\t',' '",
        "\u00a0,' '",
        "\u3000x\u2009,x",
        "\u0301,''",
        "\u20dd,''",
        "क्षि,कष",
        "\ue000,' '"
      })
  void normalisation(String text, String key) {
    assertThat(CanonicalKey.normalize(text)).isEqualTo(key);
  }

  /** White space that NFKC turns into more than one kind, and what is not trimmed. */
  @Test
  void trimsUnicodeWhiteSpaceOnly() {
    assertThat(CanonicalKey.normalize("\u0085\u000bx\u2028\f")).isEqualTo("x");
    assertThat(CanonicalKey.normalize("\u001cx\u200b")).isEqualTo("\u001cx\u200b");
    assertThat(CanonicalKey.normalize("\u2028")).isEmpty();
  }

  @Test
  void idsWithoutTokenShareOneId() {
    CanonicalMap map = CanonicalMap.of(Goldens.tinyTokenizer(), 520, "tiny");
    assertThat(map.size()).isEqualTo(371);
    assertThat(map.canonical(512)).isEqualTo(370);
    assertThat(map.canonical(519)).isEqualTo(370);
  }

  @Test
  void wrongSizesAreErrorsThatNameBoth() {
    CanonicalMap map = CanonicalMap.of(Goldens.tinyTokenizer(), 512, "tiny");
    assertThatThrownBy(() -> map.requireSize(371, "config.json"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("370")
        .hasMessageContaining("371")
        .hasMessageStartingWith("config.json");
    assertThatThrownBy(() -> CanonicalMap.of(Goldens.tinyTokenizer(), 511, "config.json"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("512");
  }

  @Test
  void storedMapsAreChecked() {
    assertThatCode(() -> CanonicalMap.of(new int[] {0, 1, 0, 2}, "f")).doesNotThrowAnyException();
    for (int[] bad : new int[][] {{}, {1}, {0, 2}, {0, -1}, {0, Integer.MAX_VALUE}}) {
      assertThatThrownBy(() -> CanonicalMap.of(bad, "f")).isInstanceOf(FormatException.class);
    }
  }
}
