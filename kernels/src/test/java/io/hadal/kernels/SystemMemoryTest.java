package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemMemoryTest {
  @Test
  void readsAvailableMemoryOfLinux(@TempDir Path folder) throws IOException {
    Path meminfo =
        Files.writeString(
            folder.resolve("meminfo"),
            "MemTotal:       24600000 kB\nMemFree:  100 kB\nMemAvailable:   12345678 kB\n");
    assertThat(SystemMemory.linuxAvailable(meminfo)).hasValue(12345678L * 1024);
    assertThat(SystemMemory.linuxAvailable(folder.resolve("none"))).isEmpty();
    Files.writeString(meminfo, "MemTotal: 1 kB\n");
    assertThat(SystemMemory.linuxAvailable(meminfo)).isEmpty();
    // Longer than any number: no failure, only unknown.
    Files.writeString(meminfo, "MemAvailable: 99999999999999999999 kB\n");
    assertThat(SystemMemory.linuxAvailable(meminfo)).isEmpty();
  }
}
