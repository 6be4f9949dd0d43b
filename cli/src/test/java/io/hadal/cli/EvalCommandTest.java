package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** From a source jar to figures, on the model that comes with Hadal. */
class EvalCommandTest {
  private static final int FILES = 6;

  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void corpus() throws IOException {
    artifact("a", "train");
    artifact("b", "test");
    Path list = folder.resolve("sources.txt");
    Files.writeString(list, "train alpha g:a:1\ntest beta g:b:1\n");
    Invocation build =
        Invocation.hadal(
            "corpus",
            "build",
            "--quiet",
            "--maven",
            "none",
            "--out",
            corpusPath(),
            "--sources",
            list.toString(),
            "--duplicates",
            "1");
    assertThat(build.exitCode()).as(build.err()).isZero();
  }

  private String corpusPath() {
    return folder.resolve("corpus").toString();
  }

  private void artifact(String name, String prefix) throws IOException {
    Path artifacts = Files.createDirectories(folder.resolve("corpus/artifacts"));
    Files.writeString(
        artifacts.resolve("g_" + name + "_1.pom"),
        "<project><licenses><license><name>Apache-2.0</name></license></licenses></project>");
    try (ZipOutputStream zip =
        new ZipOutputStream(
            Files.newOutputStream(artifacts.resolve("g_" + name + "_1-sources.jar")))) {
      for (int i = 0; i < FILES; i++) {
        String type = prefix.toUpperCase(java.util.Locale.ROOT).charAt(0) + prefix.substring(1) + i;
        StringBuilder text = new StringBuilder("package p;\n\npublic class " + type + " {\n");
        for (int k = 0; k < 8; k++) {
          String field = prefix + "Value" + i + k;
          text.append("  private int ").append(field).append(";\n\n");
          text.append("  public int get").append(field).append("() {\n    return ");
          text.append(field).append(";\n  }\n\n");
        }
        zip.putNextEntry(new ZipEntry("p/" + type + ".java"));
        zip.write(text.append("}\n").toString().getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private Invocation eval(String... more) {
    String[] args = new String[more.length + 4];
    args[0] = "eval";
    args[1] = "--corpus";
    args[2] = corpusPath();
    args[3] = "--quiet";
    System.arraycopy(more, 0, args, 4, more.length);
    return Invocation.hadal(args);
  }

  @Test
  void figuresOfTextAndCompletions() throws IOException {
    Path json = folder.resolve("eval.json");
    Path text = folder.resolve("text");
    Invocation run =
        eval("--bytes", "4000", "--cases", "2", "--json", json.toString(), "--text", text + "");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("known name", "with memory", "method");
    JsonNode result = Json.parse(json, 1 << 20);
    JsonNode bits = result.path("bits_per_byte");
    assertThat(bits.path("bytes").asLong(0)).isEqualTo(Files.size(text)).isBetween(1500L, 4000L);
    double alone = bits.path("model").asDouble(0);
    // The text repeats itself: what it said before must help, and not a little.
    assertThat(alone).isBetween(0.3, 3.0);
    assertThat(bits.path("with_memory").asDouble(9)).isLessThan(0.8 * alone);
    JsonNode method = result.at("/completions/method/with_memory");
    assertThat(method.path("cases").asInt(0)).isEqualTo(2);
    // The other methods show what a body begins with; which field it returns is a guess.
    assertThat(method.path("prefix").asDouble(0))
        .isGreaterThan(0.6)
        .isGreaterThan(result.at("/completions/method/model/prefix").asDouble(1));
    assertThat(result.at("/completions/hole/model/cases").asInt(0)).isEqualTo(2);

    Path again = folder.resolve("again.json");
    eval("--bytes", "4000", "--cases", "2", "--json", again.toString(), "--threads", "1");
    assertThat(again).hasSameTextualContentAs(json);
  }

  @Test
  void weightsOfTheMemoryAreLearntAndTaken() throws IOException {
    Path weights = folder.resolve("weights.json");
    Invocation fit = eval("--bytes", "3000", "--fit-memory", weights.toString());
    assertThat(fit.exitCode()).as(fit.err()).isZero();
    Invocation run = eval("--bytes", "3000", "--cases", "0", "--weights", weights.toString());
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("all").doesNotContain("method");
  }

  @Test
  void wrongUsage() {
    assertThat(eval("--split", "all").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(eval("--window", "1").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(eval("--cases", "-1").exitCode()).isEqualTo(ExitCode.USAGE);
    Invocation none = Invocation.hadal("eval", "--corpus", folder.resolve("none").toString());
    assertThat(none.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(none.err()).contains("manifest.json").hasLineCount(1);
    Invocation weights = eval("--weights", folder.resolve("sources.txt").toString());
    assertThat(weights.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(weights.err()).contains("sources.txt").hasLineCount(1);
  }
}
