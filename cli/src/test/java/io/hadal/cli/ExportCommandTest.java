package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
