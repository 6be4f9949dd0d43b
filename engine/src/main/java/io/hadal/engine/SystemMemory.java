package io.hadal.engine;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Physical memory of the machine. */
public final class SystemMemory {
  private SystemMemory() {}

  /** Bytes of memory the machine has; 0 when unknown. */
  public static long total() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean os
        ? os.getTotalMemorySize()
        : 0;
  }

  /** Bytes that can be used without swapping, page cache included. */
  public static long available() {
    Path file = Path.of("/proc/meminfo");
    if (Files.isReadable(file)) {
      try {
        for (String line : Files.readAllLines(file)) {
          if (line.startsWith("MemAvailable:")) {
            return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
          }
        }
      } catch (IOException | NumberFormatException e) {
        return total();
      }
    }
    return total();
  }
}
