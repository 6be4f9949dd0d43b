package io.hadal.platform.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.json.Jcs;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ManifestTest {
  private static final String HASH = "'" + "ab".repeat(32) + "'";
  private static final String LOCAL =
      "{'kind':'local','family':'m','weights':[{'file':'w','bytes':1,'sha256':"
          + HASH
          + "}],'engine':{'version':'1'},'context':64";

  @ParameterizedTest
  @CsvSource({
    "333333333.33333329, 333333333.3333333",
    "1E30, 1e+30",
    "4.50, 4.5",
    "2e-3, 0.002",
    "0.000000000000000000000000001, 1e-27",
    "1e21, 1e+21",
    "123456789012345680000, 123456789012345680000",
    "0.000001, 0.000001",
    "1e-7, 1e-7",
    "-0.0, 0",
    "-5, -5"
  })
  void numbersAreThoseOfRfc8785(String given, String canonical) {
    assertThat(Jcs.number(Double.parseDouble(given))).isEqualTo(canonical);
  }

  @Test
  void namesAreSortedAndTextsEscapedAsLittleAsPossible() {
    String json =
        "{\"\\u20ac\":1,\"b\":{\"z\":null,\"a\":[true,\"\\u000f\\n\\/é\\\"\"]},\"\\r\":0}";
    assertThat(Jcs.text(Json.parse(json.getBytes(StandardCharsets.UTF_8), "x")))
        .isEqualTo("{\"\\r\":0,\"b\":{\"a\":[true,\"\\u000f\\n/é\\\"\"],\"z\":null},\"€\":1}");
  }

  @Test
  void sameFieldsInAnyOrderAreTheSameModel() {
    Manifest one = Samples.manifest(LOCAL + ",'display_name':'A'}");
    Manifest two =
        Samples.manifest(
            "{'context':64,'display_name':'B',"
                + LOCAL.substring(1).replace(",'context':64", "")
                + "}");
    assertThat(two.sha256()).isNotEqualTo(one.sha256());
    assertThat(two.fingerprint()).isEqualTo(one.fingerprint()).matches("fp_[0-9a-f]{12}");
    Manifest other = Samples.manifest(LOCAL.replace("'version':'1'", "'version':'2'") + "}");
    assertThat(other.fingerprint()).isNotEqualTo(one.fingerprint());
    assertThat(Samples.manifest(one.text().replace('"', '\'')).sha256()).isEqualTo(one.sha256());
    assertThat(one.backends()).containsExactly("local");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{'kind':'other','family':'m'}",
        "{'kind':'local','family':'m','engine':{'version':'1'}}",
        "{'kind':'local','family':'m','weights':[{'file':'w','sha256':'zz'}],'engine':{'version':'1'}}",
        "{'kind':'routed','family':'m','upstream_model':'u'}",
        "{'kind':'routed','family':'m','upstream_model':'u','backends':[7]}",
        "{'kind':'routed','family':'a@b','upstream_model':'u','backends':['x']}",
        "{'kind':'routed','family':'m','upstream_model':'u','backends':['x'],'context':-1}"
      })
  void whatIsMissingIsNamed(String json) {
    assertThatThrownBy(() -> Samples.manifest(json))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith("test");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "contxt | 'contxt':5",
        "upstream_modle | 'upstream_modle':'u'",
        "weights | 'weights':[]",
        "slo.percnt | 'slo':{'ttft_ms':5,'percnt':3}",
        "prices: inptu | 'prices':{'inptu':'1'}",
        "prices must be an object | 'prices':'1'",
        "must hold a price | 'prices':{}"
      })
  void aSlipInANameIsRefused(String named, String field) {
    String routed = "{'kind':'routed','family':'m','upstream_model':'u','backends':['x'],%s}";
    assertThatThrownBy(() -> Samples.manifest(routed.replace("%s", field)))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(named);
  }

  @Test
  void aCheckpointIsItsFiles(@TempDir Path folder) throws Exception {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      Path weights = Files.writeString(folder.resolve("model.safetensors"), "abc");
      Files.writeString(folder.resolve("config.json"), "{}");
      Files.writeString(folder.resolve("tokenizer.json"), "{}");
      Files.writeString(folder.resolve("chat_template.jinja"), "t");
      Files.writeString(folder.resolve("README.md"), "no part of it");
      LocalManifest builder = new LocalManifest(new FileHashes(database));
      LocalManifest.Run run =
          new LocalManifest.Run(
              "m", "v4", JsonMapper.shared().createObjectNode(), 64, false, "1", "fast");
      AtomicLong done = new AtomicLong();
      Manifest made =
          builder.build(folder, List.of(new WeightFile(weights, 1)), run, done::addAndGet);
      assertThat(done.get())
          .isEqualTo(8)
          .isEqualTo(LocalManifest.bytes(folder, List.of(new WeightFile(weights, 1))));
      assertThat(made.json().at("/weights/0/sha256").asString())
          .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
      assertThat(made.json().path("tokenizer").size()).isEqualTo(1);
      assertThat(made.json().path("chat_template").size()).isEqualTo(1);
      // A file of the same size and time is not read again; one that was touched is.
      FileTime time = Files.getLastModifiedTime(weights);
      Files.writeString(weights, "abd");
      Files.setLastModifiedTime(weights, time);
      JsonNode kept =
          builder.build(folder, List.of(new WeightFile(weights, 1)), run, n -> {}).json();
      assertThat(kept.at("/weights/0/sha256")).isEqualTo(made.json().at("/weights/0/sha256"));
      // The sample is, and tells.
      assertThat(kept.at("/weights/0/sample_sha256"))
          .isNotEqualTo(made.json().at("/weights/0/sample_sha256"));
      Files.setLastModifiedTime(weights, FileTime.fromMillis(time.toMillis() + 5));
      assertThat(
              builder
                  .build(folder, List.of(new WeightFile(weights, 1)), run, n -> {})
                  .fingerprint())
          .isNotEqualTo(made.fingerprint());
    }
  }
}
