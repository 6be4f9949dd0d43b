package io.hadal.train.corpus;

import static io.hadal.train.corpus.BuildFixture.MIT;
import static io.hadal.train.corpus.BuildFixture.javaClass;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class CorpusBuilderTest {
  @TempDir private Path folder = Path.of("");

  private final List<String> notes = new ArrayList<>();

  private final Progress progress =
      new Progress() {
        @Override
        public void stage(String name, long total) {}

        @Override
        public void advance(long units) {}

        @Override
        public void note(String line) {
          notes.add(line);
        }
      };

  private Path corpus() {
    return folder.resolve("corpus");
  }

  private String build(BuildFixture fixture) throws IOException, InterruptedException {
    return CorpusBuilder.build(fixture.sources(), fixture.options(), corpus(), progress);
  }

  private static Map<String, String> classes(String prefix, int n, long seed) {
    Map<String, String> files = new HashMap<>();
    for (int i = 0; i < n; i++) {
      String name = prefix + i;
      files.put("p/" + name + ".java", javaClass(name, seed + i, "p." + prefix + (i + 1) % n));
    }
    return files;
  }

  private BuildFixture threeSplits() throws IOException {
    String parent =
        "<parent><groupId>g</groupId><artifactId>parent</artifactId><version>1</version></parent>";
    return new BuildFixture(folder)
        .pom("parent", MIT)
        .artifact("train", "alpha", "a", parent, classes("A", 40, 100))
        .artifact("train", "alpha", "b", MIT, classes("B", 10, 200))
        .artifact("valid", "beta", "c", MIT, classes("C", 5, 300))
        .artifact("test", "gamma", "d", MIT, classes("D", 5, 400));
  }

  @Test
  void splitsByProjectInImportOrder() throws Exception {
    BuildFixture fixture = threeSplits();
    String report = build(fixture);
    List<Document> train = BuildFixture.documents(corpus(), Split.TRAIN);
    List<Document> infile = BuildFixture.documents(corpus(), Split.INFILE);
    assertThat(train.size() + infile.size()).isEqualTo(50);
    assertThat(infile).hasSizeBetween(1, 15).allMatch(d -> d.project().equals("alpha"));
    assertThat(train).allMatch(d -> d.licence().equals("MIT") && d.text().endsWith("}\n"));
    assertThat(BuildFixture.documents(corpus(), Split.VALID)).hasSize(5);
    assertThat(BuildFixture.documents(corpus(), Split.TEST))
        .extracting(Document::path)
        // D0 imports D1 and so on, D4 imports D0.
        .containsExactly("p/D4.java", "p/D3.java", "p/D2.java", "p/D1.java", "p/D0.java");
    assertThat(report).contains("4 artifacts, 0 left out", "60 source files, 60 kept");
    assertThat(Files.readString(corpus().resolve("report.txt"))).isEqualTo(report);
    JsonNode manifest = Json.parse(corpus().resolve("manifest.json"), 1 << 20);
    assertThat(manifest.path("splits").path("test").path("documents").asInt()).isEqualTo(5);
    JsonNode artifact = manifest.path("artifacts").get(0);
    assertThat(artifact.path("coordinates").stringValue()).isEqualTo("g:d:1");
    assertThat(artifact.path("sha256").stringValue())
        .isEqualTo(Extraction.sha256(fixture.repository.resolve("d-1-sources.jar")));
    assertThat(notes).isEmpty();
  }

  @Test
  void secondBuildFetchesNothingAndGivesTheSameBytes() throws Exception {
    BuildFixture fixture = threeSplits();
    build(fixture);
    Map<String, String> first = BuildFixture.result(corpus());
    int calls = fixture.calls().size();
    assertThat(calls).isEqualTo(9); // four jars, four poms, one parent
    build(fixture);
    assertThat(fixture.calls()).hasSize(calls);
    assertThat(BuildFixture.result(corpus())).isEqualTo(first);
  }

  @Test
  void changedArtifactIsExtractedAgain() throws Exception {
    BuildFixture fixture = threeSplits();
    build(fixture);
    Path stored = corpus().resolve("artifacts/g_d_1-sources.jar");
    BuildFixture.jar(stored, classes("E", 3, 500));
    build(fixture);
    assertThat(BuildFixture.documents(corpus(), Split.TEST)).hasSize(3);
  }

  @Test
  void artifactsWithoutAllowedLicenceAreRefusedWithALine() throws Exception {
    BuildFixture fixture =
        threeSplits()
            .artifact(
                "train",
                "gpl",
                "e",
                "<licenses><license><name>GNU General Public License</name></license></licenses>",
                classes("E", 3, 1))
            .artifact("train", "none", "f", "", classes("F", 3, 2))
            .artifact("train", "odd", "h", "<licenses>", classes("H", 3, 3))
            .line("train absent g:absent:1");
    String report = build(fixture);
    assertThat(notes)
        .hasSize(4)
        .anyMatch(n -> n.contains("g:e:1 left out: licence not on the allow-list: GNU General"))
        .anyMatch(n -> n.contains("g:f:1 left out: its pom and their parents name no licence"))
        .anyMatch(n -> n.contains("g:h:1 left out: its pom"))
        .anyMatch(n -> n.contains("g:absent:1 left out: not available: no absent-1-sources.jar"));
    assertThat(report).contains("4 artifacts, 4 left out", "g:e:1: licence not on the allow-list");
    assertThat(BuildFixture.documents(corpus(), Split.TRAIN))
        .allMatch(d -> d.project().equals("alpha"));
  }

  @Test
  void brokenJarIsRefused() throws Exception {
    BuildFixture fixture = threeSplits();
    Files.writeString(fixture.repository.resolve("b-1-sources.jar"), "no zip");
    build(fixture);
    assertThat(notes).singleElement().asString().contains("g:b:1 left out: not readable");
  }

  @Test
  void trainingTextGivesWayToHeldOutText() throws Exception {
    String held = javaClass("D9", 77);
    String other = javaClass("X", 78);
    // A method of the held-out class in the middle of another one.
    String[] lines = held.split("\n");
    String borrowed =
        other.replace(
            "public class X {",
            "public class X {\n" + String.join("\n", Arrays.copyOfRange(lines, 3, 12)));
    BuildFixture fixture =
        new BuildFixture(folder)
            .artifact(
                "train",
                "alpha",
                "a",
                MIT,
                Map.of(
                    "p/Same.java",
                    held,
                    "p/Borrows.java",
                    borrowed,
                    "p/Own.java",
                    javaClass("O", 80)))
            .artifact("test", "gamma", "d", MIT, Map.of("p/D9.java", held));
    build(fixture);
    List<Document> train = new ArrayList<>(BuildFixture.documents(corpus(), Split.TRAIN));
    train.addAll(BuildFixture.documents(corpus(), Split.INFILE));
    assertThat(train).extracting(Document::path).containsExactly("p/Own.java");
    JsonNode rejected =
        Json.parse(corpus().resolve("manifest.json"), 1 << 20).path("total").path("rejected");
    assertThat(rejected.path("duplicate").asInt()).isEqualTo(1);
    assertThat(rejected.path("contaminated").asInt()).isEqualTo(1);
  }

  @Test
  void benchmarksAreKeptOut() throws Exception {
    Path benchmarks = Files.createDirectories(folder.resolve("evals"));
    String leaked = javaClass("B3", 203, "p.B4");
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(benchmarks.resolve("x.jsonl.gz")))) {
      String text = leaked.replace("\n", "\\n");
      out.write(
          ("{\"id\": 1}\n{\"tests\": [\"" + text + "\"]}\n").getBytes(StandardCharsets.UTF_8));
    }
    BuildFixture fixture = threeSplits();
    CorpusBuilder.build(fixture.sources(), fixture.options(benchmarks), corpus(), progress);
    JsonNode manifest = Json.parse(corpus().resolve("manifest.json"), 1 << 20);
    assertThat(manifest.path("total").path("rejected").path("contaminated").asInt()).isEqualTo(1);
    assertThat(manifest.path("benchmarks").path("x.jsonl.gz").asString("")).hasSize(64);
    assertThatThrownBy(
            () ->
                CorpusBuilder.build(fixture.sources(), fixture.options(folder), corpus(), progress))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(".jsonl.gz");
  }

  @Test
  void missingMavenNamesTheRemedy() throws Exception {
    BuildFixture fixture = threeSplits();
    Files.delete(fixture.maven);
    assertThatThrownBy(() -> build(fixture))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("--maven");
  }

  @Test
  void nothingUsableIsAnError() throws Exception {
    BuildFixture fixture = new BuildFixture(folder).line("train absent g:absent:1");
    assertThatThrownBy(() -> build(fixture))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("g:absent:1");
  }

  @Test
  void buildThatDoesNotFinishLeavesNoManifest() throws Exception {
    BuildFixture fixture = threeSplits();
    build(fixture);
    // A folder where a file must go stops the last step but one.
    Files.delete(corpus().resolve("report.txt"));
    Files.createDirectories(corpus().resolve("report.txt/x"));
    assertThatThrownBy(() -> build(fixture)).isInstanceOf(IOException.class);
    assertThat(corpus().resolve("manifest.json")).doesNotExist();
  }
}
