package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hadal pack} and what runs from its file. */
class PackCommandTest {
  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void write() {
    synth("1");
  }

  private void synth(String seed) {
    assertDone(
        Invocation.hadal(
            "synth",
            "-q",
            "--force",
            "--out",
            model(),
            "--shape",
            "tiny",
            "--layers",
            "2",
            "--experts",
            "4",
            "--mix",
            "experts=MXFP4,rest=Q8_0",
            "--seed",
            seed));
  }

  private String model() {
    return folder.resolve("m.gguf").toString();
  }

  private Path sideFile() {
    return folder.resolve("m.gguf.hadal-pack");
  }

  private Invocation pack(String... more) {
    return Invocation.hadal(
        Stream.concat(Stream.of("pack", "-q", "-m", model()), Arrays.stream(more))
            .toArray(String[]::new));
  }

  private static Invocation assertDone(Invocation run) {
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run;
  }

  private byte[] logits(String mode, String... more) throws IOException {
    Path ids =
        TestModel.write(
            folder.resolve("ids.json"),
            IntStream.range(0, 40)
                .mapToObj(i -> Integer.toString(i * 37 % 512))
                .collect(Collectors.joining(",", "[", "]")));
    String out = folder.resolve("logits.safetensors").toString();
    Stream<String> command =
        Stream.of(
            "logits",
            "-q",
            "-m",
            model(),
            "--tokens",
            ids.toString(),
            "--out",
            out,
            "--mode",
            mode);
    assertDone(
        Invocation.hadal(Stream.concat(command, Arrays.stream(more)).toArray(String[]::new)));
    byte[] bytes = Files.readAllBytes(Path.of(out));
    // The header names the mode.
    return Arrays.copyOfRange(bytes, bytes.length - 40 * 512 * 4, bytes.length);
  }

  @Test
  void theSideFileChangesNoBit() throws IOException {
    byte[] memory = logits("fast");
    assertThat(assertDone(pack()).out()).contains("wrote", sideFile().toString());
    assertThat(logits("fast")).isEqualTo(memory);
    assertThat(logits("fast", "--packed", "memory")).isEqualTo(memory);
    assertThat(logits("fast", "--stream")).isEqualTo(memory);
    Path elsewhere = folder.resolve("other");
    Files.move(sideFile(), elsewhere);
    assertThat(logits("fast", "--packed", elsewhere.toString())).isEqualTo(memory);
    // Without a side file nothing is packed while weights are streamed.
    byte[] streamed = logits("fast", "--stream");
    assertThat(streamed).isNotEqualTo(memory);
    assertThat(logits("fast", "--stream", "-t", "1")).isEqualTo(streamed);
  }

  @Test
  void itIsWrittenOnceAndChecked() throws IOException {
    assertDone(pack());
    byte[] whole = Files.readAllBytes(sideFile());
    assertThat(assertDone(pack()).out()).contains("up to date");
    assertThat(assertDone(pack("--verify")).out()).contains("is sound");
    byte[] damaged = whole.clone();
    // The head is the last matrix.
    damaged[damaged.length - 4096 - 200] ^= 1;
    Files.write(sideFile(), damaged);
    Invocation check = pack("--verify");
    assertThat(check.exitCode()).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(check.err()).contains("1 matrices are damaged", "--force");
    assertDone(pack("--force", "-t", "1"));
    assertThat(Files.readAllBytes(sideFile())).isEqualTo(whole);
  }

  @Test
  void aFileOfOtherWeightsIsLeftAloneAndReplacedByPack() throws IOException {
    assertDone(pack());
    synth("2");
    byte[] memory = logits("fast", "--packed", "memory");
    assertThat(logits("fast")).isEqualTo(memory);
    Invocation named =
        Invocation.hadal("bench", "-m", model(), "--packed", sideFile().toString(), "-p", "1");
    assertThat(named.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(named.err()).contains("other weights", "hadal pack").doesNotContain("Exception");
    assertThat(pack("--verify").exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(assertDone(pack()).out()).contains("wrote");
    assertThat(logits("fast")).isEqualTo(memory);
  }

  @Test
  void wrongUseSaysWhatToDo() throws IOException {
    Path mine = folder.resolve("notes.txt");
    Files.writeString(mine, "notes");
    Invocation foreign = pack("-o", mine.toString());
    assertThat(foreign.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(foreign.err()).contains("is no side file", "--force");
    assertThat(mine).hasContent("notes");
    assertThat(pack("-o", folder.toString()).err()).contains("is a folder");
    assertThat(pack("--verify").err()).contains("is no file", "hadal pack");
    assertThat(pack("--verify", "--force").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(pack("-t", "0").exitCode()).isEqualTo(ExitCode.USAGE);
    Invocation absent =
        Invocation.hadal("bench", "-m", model(), "--packed", folder.resolve("no").toString());
    assertThat(absent.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(absent.err()).contains("is no file");
    String no = folder.resolve("no").toString();
    Invocation complete = Invocation.hadal("complete", mine + ":1", "--packed", no);
    assertThat(complete.err()).contains("is no file");
    Invocation serve = Invocation.hadal("serve", "--port", "0", "--packed", no);
    assertThat(serve.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(serve.err()).contains("is no file");
  }

  @Test
  void thePlanCountsPackedBytes() {
    String memory = assertDone(Invocation.hadal("inspect", model())).out();
    assertThat(memory).contains("mode fast", "are packed to").contains("in memory");
    assertDone(pack());
    assertThat(assertDone(Invocation.hadal("inspect", model())).out()).contains("in the side file");
    assertThat(assertDone(Invocation.hadal("inspect", "--mode", "exact", model())).out())
        .doesNotContain("packed");
    var plan =
        Json.parse(
                assertDone(Invocation.hadal("inspect", "--json", model()))
                    .out()
                    .getBytes(StandardCharsets.UTF_8),
                "inspect")
            .get("memory_plan");
    assertThat(plan.get("packed_file_bytes").asLong()).isPositive();
    assertThat(plan.get("packed_memory_bytes").asLong()).isZero();
  }

  @Test
  void compareMeasuresTheDistanceOfModes() throws IOException {
    Path text = folder.resolve("text.txt");
    Files.writeString(text, "some words of small letters");
    Invocation same =
        assertDone(
            Invocation.hadal(
                "compare", "-q", "-m", model(), "--modes", "exact,exact", text.toString()));
    assertThat(same.out()).contains("KL mean 0.00 nats", "in 100.00 %");
    var fast =
        Json.parse(
            assertDone(Invocation.hadal("compare", "-q", "-m", model(), "--json", text.toString()))
                .out()
                .getBytes(StandardCharsets.UTF_8),
            "compare");
    assertThat(fast.get("kl_mean_nats").asDouble()).isPositive().isLessThan(0.01);
    assertThat(Invocation.hadal("compare", "-m", model()).exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void theEmbeddedModelLosesNextToNothingInModeFast() {
    var fast =
        Json.parse(
            assertDone(
                    Invocation.hadal(
                        "compare",
                        "-q",
                        "--json",
                        "src/main/java/io/hadal/cli/terminal/ProgressBar.java"))
                .out()
                .getBytes(StandardCharsets.UTF_8),
            "compare");
    assertThat(fast.get("predictions").asLong()).isGreaterThan(300);
    assertThat(fast.get("kl_mean_nats").asDouble()).isPositive().isLessThan(2e-3);
    assertThat(fast.get("top1_agreement").asDouble()).isGreaterThan(0.97);
  }
}
