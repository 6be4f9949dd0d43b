package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportCommandTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void otherModelTypesAreRefused() {
    Path out = folder.resolve("out.gguf");
    Invocation run = TestModel.on("export", "--out", out.toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("deepseek_v4", "only models of type hadal");
    assertThat(out).doesNotExist();
  }

  @Test
  void outIsAGgufFile() {
    Invocation run = TestModel.on("export", "--out", folder.resolve("out.bin").toString());
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("--out", ".gguf");
  }

  @Test
  void aMissingModelIsNamed() throws IOException {
    Path none = Files.createDirectory(folder.resolve("none"));
    Invocation run =
        Invocation.hadal(
            "export", "--model", none.toString(), "--out", folder.resolve("x.gguf").toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("none").doesNotContain("at io.hadal");
  }

  @Test
  void aReleasedLayoutOfAnyFamily() throws IOException {
    Path out = folder.resolve("fp8");
    Invocation run =
        TestModel.on("export", "--out", out.toString(), "--format", "safetensors", "--type", "fp8");
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out()).contains("wrote");
    assertThat(out.resolve("config.json")).content().contains("weight_block_size", "128");
    Invocation logits = generate(out);
    assertThat(logits.exitCode()).as(logits.err()).isZero();
    assertThat(TestModel.on("export", "--out", out.toString(), "--format", "safetensors").err())
        .contains("exists already");
  }

  /** The embedded model holds Q8_0; every type of both formats runs and completes alike. */
  @Test
  void theEmbeddedModelInEveryType() throws IOException {
    Path trained = DemoFiles.trained(Files.createDirectories(folder.resolve("demo")));
    String expected = generate(trained).out();
    for (String type : new String[] {"keep", "q8_0", "q4_k", "mxfp4"}) {
      Path out = folder.resolve(type + ".gguf");
      Invocation run = export(trained, out, "--type", type);
      assertThat(run.exitCode()).as(run.err()).isZero();
      Invocation text = generate(out);
      assertThat(text.exitCode()).as(text.err()).isZero();
      if (!type.equals("mxfp4")) {
        // Rows of 192, 96, 64 and 24 values: all Q8_0 as before.
        assertThat(text.out()).as(type).isEqualTo(expected);
        assertThat(Files.size(out)).isEqualTo(Files.size(trained));
      } else {
        assertThat(Files.size(out)).isLessThan(Files.size(trained) * 9 / 10);
      }
    }
    for (String type : new String[] {"keep", "fp8", "fp4"}) {
      Path out = folder.resolve(type);
      Invocation run = export(trained, out, "--format", "safetensors", "--type", type);
      assertThat(run.exitCode()).as(run.err()).isZero();
      Invocation text = generate(out);
      assertThat(text.exitCode()).as(text.err()).isZero();
      if (type.equals("keep")) {
        assertThat(text.out()).isEqualTo(expected);
      }
    }
  }

  private static Invocation export(Path model, Path out, String... more) {
    String[] args = {"export", "--model", model.toString(), "--out", out.toString()};
    return Invocation.hadal(
        Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new));
  }

  private Invocation generate(Path model) throws IOException {
    Path ids = TestModel.write(folder.resolve("ids.json"), "[0, 70, 71, 72, 73, 80]");
    return Invocation.hadal(
        "generate",
        "--model",
        model.toString(),
        "-q",
        "--cold",
        "-n",
        "8",
        "--ignore-eos",
        "--temperature",
        "0",
        "--tokens",
        ids.toString());
  }

  @Test
  void typesBelongToAFormat() {
    Invocation fp8 =
        TestModel.on("export", "--out", folder.resolve("x.gguf").toString(), "--type", "fp8");
    assertThat(fp8.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(fp8.err()).contains("--type", "Q4_K");
    Invocation q8 =
        TestModel.on(
            "export",
            "--out",
            folder.resolve("x").toString(),
            "--format",
            "safetensors",
            "--type",
            "q8_0");
    assertThat(q8.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(q8.err()).contains("--type", "FP4");
  }
}
