package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class AblateCommandTest {
  @TempDir private Path folder = Path.of("");

  private Path arms = Path.of("");

  @BeforeEach
  void write() throws IOException {
    EncodedFixture.write(folder.resolve("data"));
    arms = folder.resolve("arms.json");
    arms("two experts more");
  }

  /** Two tiny arms from those that come with Hadal. */
  private void arms(String description) throws IOException {
    Invocation printed = Invocation.hadal("ablate", "--print-arms");
    assertThat(printed.exitCode()).isZero();
    ObjectNode plan =
        (ObjectNode) Json.parse(printed.out().getBytes(StandardCharsets.UTF_8), "arms");
    ObjectNode config = (ObjectNode) plan.path("config");
    config.put("batch_tokens", 128).put("micro_batch_tokens", 128).put("evaluation_tokens", 1000);
    ((ObjectNode) config.path("stages").path(0)).put("context", 64);
    ((ObjectNode) config.path("model")).put("engram_vocab_size", 50).put("sliding_window", 16);
    ObjectNode all = plan.putObject("arms");
    all.putObject("A3").put("description", "as it is");
    ObjectNode second = all.putObject("E10").put("description", description);
    second.putObject("changes").putObject("model").put("n_routed_experts", 10);
    Files.writeString(arms, plan.toString());
  }

  private Invocation ablate(String... more) {
    String[] args = new String[more.length + 9];
    String[] first = {
      "ablate",
      "--data",
      folder.resolve("data").toString(),
      "--out",
      out().toString(),
      "--arms",
      arms.toString(),
      "--tokens",
      "256"
    };
    System.arraycopy(first, 0, args, 0, first.length);
    System.arraycopy(more, 0, args, first.length, more.length);
    return Invocation.hadal(args);
  }

  private Path out() {
    return folder.resolve("study");
  }

  private JsonNode results() {
    return Json.parse(out().resolve("results.json"), 1 << 20);
  }

  @Test
  void comparesArmsAndKeepsWhatIsDone() throws IOException {
    Invocation part = ablate("--seeds", "1", "--only", "E10");
    assertThat(part.exitCode()).as(part.err()).isZero();
    assertThat(part.err()).contains("E10-1 (1 of 1)").doesNotContain("A3-1");
    FileTime made = Files.getLastModifiedTime(out().resolve("E10-1/result.json"));

    Invocation whole = ablate("--seeds", "1,2");
    assertThat(whole.exitCode()).as(whole.err()).isZero();
    assertThat(whole.err()).contains("A3-1 (1 of 4)  begins").doesNotContain("E10-1 (2 of 4)  beg");
    assertThat(Files.getLastModifiedTime(out().resolve("E10-1/result.json"))).isEqualTo(made);
    assertThat(out().resolve("A3-2/training/log.jsonl")).exists();
    assertThat(out().resolve("A3-2/training/checkpoint.safetensors")).doesNotExist();
    assertThat(out().resolve("A3-2/model.safetensors")).doesNotExist();

    JsonNode base = results().path("arms").path(0);
    JsonNode more = results().path("arms").path(1);
    assertThat(base.path("runs").size()).isEqualTo(2);
    for (String name : new String[] {"valid", "infile"}) {
      JsonNode a = base.path("bits_per_byte").path(name);
      JsonNode b = more.path("bits_per_byte").path(name);
      JsonNode d = b.path("differences").path(0);
      assertThat(a.path("differences").size()).isZero();
      assertThat(a.path("deviation").asDouble()).isPositive();
      assertThat(d.path("to").asString()).isEqualTo("A3");
      assertThat(d.path("seeds").asInt()).isEqualTo(2);
      double mean = d.path("mean").asDouble();
      assertThat(mean)
          .isCloseTo(b.path("mean").asDouble() - a.path("mean").asDouble(), within(1e-9))
          .isBetween(d.path("low").asDouble(), d.path("high").asDouble());
    }
    JsonNode small = base.path("runs").path(0);
    JsonNode large = more.path("runs").path(0);
    // Two experts and router rows more in three layers, one of which is routed by hash.
    long expert = 3L * 128 * 128;
    assertThat(large.path("parameters").asLong() - small.path("parameters").asLong())
        .isEqualTo(3 * 2 * (expert + 128) + 2 * 2);
    assertThat(large.path("active_parameters").asLong())
        .isEqualTo(small.path("active_parameters").asLong() + 3 * 2 * 128 + 2 * 2);
    assertThat(large.path("flops_per_token").asLong())
        .isEqualTo(small.path("flops_per_token").asLong() + 2 * 3 * 2 * 128);
    assertThat(out().resolve("results.md"))
        .content()
        .contains("4 of 4 runs", "## valid", "## infile", "| E10 |");
  }

  @Test
  void aChangedArmIsRunAgain() throws IOException {
    assertThat(ablate("--seeds", "1", "--keep").exitCode()).isZero();
    assertThat(out().resolve("A3-1/training/checkpoint.safetensors")).exists();
    Path base = out().resolve("A3-1/result.json");
    FileTime made = Files.getLastModifiedTime(base);
    String before = Files.readString(out().resolve("E10-1/result.json"));
    // Words change nothing, a setting does.
    arms("said otherwise");
    assertThat(ablate("--seeds", "1").err()).doesNotContain("begins");
    Files.writeString(arms, Files.readString(arms).replace("_experts\":10", "_experts\":12"));
    Invocation again = ablate("--seeds", "1");
    assertThat(again.exitCode()).as(again.err()).isZero();
    assertThat(again.err())
        .contains("E10-1 (2 of 2)  was made with other settings")
        .contains("E10-1 (2 of 2)  begins")
        .doesNotContain("A3-1 (1 of 2)  begins");
    assertThat(Files.getLastModifiedTime(base)).isEqualTo(made);
    assertThat(Files.readString(out().resolve("E10-1/result.json"))).isNotEqualTo(before);
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    Invocation name = ablate("--only", "E11");
    assertThat(name.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(name.err()).contains("there is no arm E11; arms: A3, E10");
    Files.createDirectories(out().resolve("A3-1"));
    Files.writeString(out().resolve("A3-1/precious"), "");
    Invocation foreign = ablate("--seeds", "1");
    assertThat(foreign.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(foreign.err()).contains("is no run of this study");
    assertThat(out().resolve("A3-1/precious")).exists();
    Files.writeString(arms, Files.readString(arms).replace("\"batch_tokens\"", "\"batch_token\""));
    Invocation key = ablate();
    assertThat(key.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(key.err()).contains("arm A3").contains("unknown key batch_token");
  }
}
