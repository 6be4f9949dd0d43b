package io.hadal.kernels;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Physical memory of the machine. */
public final class SystemMemory {
  private static final Path MEMINFO = Path.of("/proc/meminfo");
  private static final Pattern AVAILABLE = Pattern.compile("(?m)^MemAvailable:\\s+(\\d{1,15}) kB$");

  private SystemMemory() {}

  /** Bytes of memory that the machine or container has; 0 when unknown. */
  public static long total() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean os
        ? os.getTotalMemorySize()
        : 0;
  }

  /** Bytes that can be used without swapping, page cache included; all where nobody says. */
  public static long available() {
    long total = total();
    return Math.min(total, linuxAvailable(MEMINFO).orElse(total));
  }

  /** Java's own figure counts the page cache as used. */
  static OptionalLong linuxAvailable(Path meminfo) {
    try {
      Matcher line = AVAILABLE.matcher(Files.readString(meminfo));
      return line.find()
          ? OptionalLong.of(Long.parseLong(line.group(1)) * 1024)
          : OptionalLong.empty();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
