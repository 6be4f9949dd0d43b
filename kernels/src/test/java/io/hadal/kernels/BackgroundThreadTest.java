package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class BackgroundThreadTest {
  @Test
  @EnabledOnOs(OS.LINUX)
  void getsASmallerShareAndLeavesItsStarterAlone() throws Exception {
    int before = nice();
    CompletableFuture<Integer> seen = new CompletableFuture<>();
    Thread thread = BackgroundThread.start("background", () -> seen.complete(nice()));
    assertThat(thread.isDaemon()).isTrue();
    assertThat(seen.get(10, TimeUnit.SECONDS)).isEqualTo(Math.max(before, 10));
    assertThat(nice()).isEqualTo(before);
  }

  /** Of the calling thread: the seventeenth field behind the name, which ends with a bracket. */
  private static int nice() {
    try {
      String stat = Files.readString(Path.of("/proc/thread-self/stat"));
      return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[16]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
