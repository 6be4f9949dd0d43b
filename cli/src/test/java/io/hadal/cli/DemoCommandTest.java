package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void demoPassesAndSaysWhatItRuns() {
    Invocation run = Invocation.hadal("demo", "--folder", folder.resolve("a b/c").toString());
    assertThat(run.exitCode()).as(run.out()).isZero();
    assertThat(run.out())
        .contains("trained by Hadal", "a method body", "a hole in the middle", "a test")
        .contains("n-gram memory, mean gate", "busiest experts", "tok/s", "hadal complete")
        .contains("0 failed", "speculation gives the same tokens", "demo passed")
        .doesNotContain("FAIL");
  }

  @Test
  void damagedFilesAreUnpackedAgain() throws IOException {
    Path target = DemoFiles.unpack(folder);
    byte[] model = Files.readAllBytes(target.resolve("model.safetensors"));
    Files.write(target.resolve("model.safetensors"), new byte[model.length]);
    Files.delete(target.resolve("config.json"));
    DemoFiles.unpack(folder);
    assertThat(target.resolve("model.safetensors")).hasBinaryContent(model);
    try (Stream<Path> files = Files.walk(folder).filter(Files::isRegularFile)) {
      assertThat(files).hasSize(5);
    }
  }

  @Test
  void anUnusableFolderIsNamed() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    Invocation run = Invocation.hadal("demo", "--folder", file.toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("--folder").hasLineCount(1);
  }
}
