package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class GenerateCommandTest {
  private static final String TOKENIZER = TestModel.TOKENIZER.toString();

  @TempDir private Path folder = Path.of("");

  private Path tokens() throws IOException {
    return TestModel.write(folder.resolve("tokens.json"), "{\"ids\": [3, 14, 15, 92]}");
  }

  private static Invocation text(String... more) {
    String[] args = new String[more.length + 3];
    args[0] = "--tokenizer";
    args[1] = TOKENIZER;
    args[2] = "--cold";
    System.arraycopy(more, 0, args, 3, more.length);
    return TestModel.on("generate", args);
  }

  @Test
  void sameSeedSameTokens() throws IOException {
    String file = tokens().toString();
    JsonNode first = sampled(file, "7", "--threads", "1");
    JsonNode again = sampled(file, "7", "--threads", "2", "--speculate");
    JsonNode other = sampled(file, "8", "--threads", "2", "--no-speculate");
    assertThat(first.path("ids")).hasSize(12).isEqualTo(again.path("ids"));
    assertThat(first.path("ids")).isNotEqualTo(other.path("ids"));
    assertThat(again.at("/timings/drafted").intValue()).isPositive();
    assertThat(first.path("finish_reason").stringValue()).isEqualTo("length");
    assertThat(TestModel.ints(first.path("prompt_ids"))).containsExactly(3, 14, 15, 92);
    assertThat(first.has("text")).isFalse();
  }

  private static JsonNode sampled(String file, String seed, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("--tokens", file, "-n", "12", "--temperature", "1", "--ignore-eos", "--json"));
    args.addAll(List.of("--cold", "--seed", seed));
    args.addAll(List.of(more));
    Invocation run = TestModel.on("generate", args.toArray(String[]::new));
    assertThat(run.exitCode()).as(run.err()).isZero();
    return TestModel.json(run);
  }

  @Test
  void withoutTokenizerIdsAreStreamed() throws IOException {
    String file = tokens().toString();
    Invocation run = TestModel.on("generate", "--tokens", file, "-n", "5", "--ignore-eos");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out().strip().split(" ")).hasSize(5);
    assertThat(run.err()).contains("prompt 4 tokens", "generated 5 tokens", "stop: length");
    Invocation quiet = TestModel.on("generate", "--tokens", file, "-n", "5", "-q", "--ignore-eos");
    assertThat(quiet.out()).isEqualTo(run.out());
    assertThat(quiet.err()).isEmpty();
  }

  @Test
  void streamedTextEqualsTheTextOfTheObject() throws IOException {
    Path file = TestModel.write(folder.resolve("prompt"), "public class");
    Invocation streamed = text("--file", file.toString(), "-n", "20");
    JsonNode json = TestModel.json(text("--prompt", "public class", "-n", "20", "--json"));
    Invocation piped = TestModel.withInput("public class", () -> text("-n", "20", "-"));
    assertThat(streamed.exitCode()).isZero();
    assertThat(streamed.out())
        .isEqualTo(json.path("text").stringValue() + System.lineSeparator())
        .isEqualTo(piped.out());
    assertThat(TestModel.ints(json.path("prompt_ids"))).containsExactly(361, 439);
  }

  @Test
  void logProbabilitiesAreOrderedAndOfTheChosenTokens() {
    JsonNode json = TestModel.json(text("--prompt", "class", "-n", "4", "--json", "--logprobs=3"));
    assertThat(json.path("logprobs")).hasSize(4);
    for (int i = 0; i < 4; i++) {
      JsonNode token = json.path("logprobs").get(i);
      assertThat(token.path("id")).isEqualTo(json.path("ids").get(i));
      JsonNode top = token.path("top");
      assertThat(top).hasSize(3);
      // Greedy: the chosen token is the most likely one.
      assertThat(top.get(0).path("id")).isEqualTo(token.path("id"));
      assertThat(top.get(0).path("logprob").doubleValue())
          .isBetween(top.get(1).path("logprob").doubleValue(), 0.0);
    }
  }

  @Test
  void bosAndContextAndLimits() throws IOException {
    JsonNode bos = TestModel.json(text("--prompt", "class", "-n", "0", "--json", "--bos"));
    assertThat(bos.at("/prompt_ids/0").intValue()).isZero();
    assertThat(bos.path("ids")).isEmpty();
    String file = tokens().toString();
    Invocation full =
        TestModel.on("generate", "--tokens", file, "-n", "99", "-c", "6", "--ignore-eos");
    assertThat(full.err()).contains("stop: context");
    Invocation tooLong = TestModel.on("generate", "--tokens", file, "-c", "3");
    assertThat(tooLong.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(tooLong.err()).contains("4 tokens", "context of 3");
    Invocation memory = TestModel.on("generate", "--tokens", file, "--memory-limit", "1M");
    assertThat(memory.exitCode()).isEqualTo(ExitCode.DOES_NOT_FIT);
    assertThat(memory.err()).contains("kv cache", "total");
  }

  @Test
  void wrongArguments() throws IOException {
    String file = tokens().toString();
    assertUsage("generate");
    assertUsage("generate", "--prompt", "a", "--tokens", file);
    assertUsage("generate", "stray");
    assertUsage("generate", "--tokens", file, "-n", "-1");
    assertUsage("generate", "--tokens", file, "--threads", "0");
    assertUsage("generate", "--tokens", file, "--temperature", "-1");
    assertUsage("generate", "--tokens", file, "--temperature", "NaN");
    assertUsage("generate", "--tokens", file, "--top-p", "0");
    assertUsage("generate", "--tokens", file, "--mode", "quick");
    assertUsage("generate", "--tokens", file, "--logprobs");
    assertUsage("generate", "--tokens", file, "--json", "--logprobs=1000");
    Invocation noTokenizer = TestModel.on("generate", "--prompt", "text");
    assertThat(noTokenizer.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(noTokenizer.err()).contains("--tokenizer FILE", "--tokens FILE.json");
    for (String content :
        new String[] {"[512]", "[-1]", "[]", "{}", "\"1\"", "[1e99]", "", "[[1]]"}) {
      Path bad = TestModel.write(folder.resolve("bad.json"), content);
      Invocation run = TestModel.on("generate", "--tokens", bad.toString());
      assertThat(run.exitCode()).as(content).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.err()).hasLineCount(1);
    }
  }

  private static void assertUsage(String command, String... args) {
    Invocation run = TestModel.on(command, args);
    assertThat(run.exitCode()).as(String.join(" ", args)).isEqualTo(ExitCode.USAGE);
    assertThat(run.out()).isEmpty();
  }

  /** A generation in a JVM of its own that does not end by itself soon. */
  private ProcessBuilder endless() throws IOException {
    return new ProcessBuilder(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-cp",
        System.getProperty("java.class.path"),
        Hadal.class.getName(),
        "generate",
        "--model",
        TestModel.FOLDER.toString(),
        "--tokens",
        tokens().toString(),
        "-n",
        "900000",
        "--ignore-eos");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void itEndsWhenItsReaderGoesAway() throws IOException, InterruptedException {
    Process process = endless().redirectError(folder.resolve("err").toFile()).start();
    try {
      assertThat(process.getInputStream().readNBytes(10)).hasSize(10);
      process.getInputStream().close();
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void askedToStopItSaysWhatItDid() throws IOException, InterruptedException {
    Path err = folder.resolve("err");
    Path out = folder.resolve("out");
    Process process = endless().redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
      while (Files.size(out) < 20 && System.nanoTime() < limit) {
        Thread.sleep(50);
      }
      process.destroy();
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      // SIGTERM; Ctrl-C gives 130 in the same way.
      assertThat(process.exitValue()).isEqualTo(143);
      assertThat(Files.readString(err)).contains("stop: cancelled");
    } finally {
      process.destroyForcibly();
    }
  }
}
