package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupCommandTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void aFolderIsBackedUpAndRestored() throws Exception {
    String data = folder.resolve("data").toString();
    Invocation made = Invocation.hadal("keys", "create", "--name", "kept", "--data", data);
    assertThat(made.exitCode()).as(made.err()).isZero();
    String copy = folder.resolve("copy").toString();
    Invocation backup = Invocation.hadal("admin", "backup", copy, "--data", data);
    assertThat(backup.exitCode()).as(backup.err()).isZero();
    assertThat(backup.out()).startsWith("2 files, ").contains("keep it secret");
    assertThat(folder.resolve("copy")).isDirectoryContaining("glob:**manifest.json");

    Invocation over = Invocation.hadal("admin", "restore", copy, "--data", data);
    assertThat(over.exitCode()).isNotZero();
    assertThat(over.err()).contains("nothing is overwritten");
    String again = folder.resolve("again").toString();
    Invocation restored = Invocation.hadal("admin", "restore", copy, "--data", again);
    assertThat(restored.exitCode()).as(restored.err()).isZero();
    assertThat(restored.out()).contains("the books are right");
    Invocation keys = Invocation.hadal("keys", "list", "--data", again);
    assertThat(keys.out()).contains("kept");

    Files.writeString(folder.resolve("copy").resolve("pepper"), "1 other\n");
    Invocation damaged =
        Invocation.hadal("admin", "restore", copy, "--data", folder.resolve("bad").toString());
    assertThat(damaged.exitCode()).isNotZero();
    assertThat(damaged.err()).contains("SHA-256").doesNotContain("\tat ");
    Invocation none =
        Invocation.hadal("admin", "backup", folder.resolve("x").toString(), "--data", "nowhere");
    assertThat(none.err()).contains("is no data folder");
  }
}
