package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {
  @Test
  void readsAvailableMemoryOfLinux(@TempDir Path folder) throws IOException {
    Path meminfo =
        Files.writeString(
            folder.resolve("meminfo"),
            "MemTotal:       24600000 kB\nMemFree:  100 kB\nMemAvailable:   12345678 kB\n");
    assertThat(Machine.linuxAvailable(meminfo)).hasValue(12345678L * 1024);
    assertThat(Machine.linuxAvailable(folder.resolve("none"))).isEmpty();
    Files.writeString(meminfo, "MemTotal: 1 kB\n");
    assertThat(Machine.linuxAvailable(meminfo)).isEmpty();
  }
}
