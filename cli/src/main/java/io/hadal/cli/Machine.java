package io.hadal.cli;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The machine as this JVM sees it.
 *
 * @param cores processors that the JVM may use
 * @param memoryBytes memory of the machine or container
 * @param availableBytes memory that can be had without swapping, page cache included
 */
record Machine(
    String os,
    String arch,
    int cores,
    long memoryBytes,
    long availableBytes,
    long heapMaxBytes,
    Path workingFolder,
    long diskFreeBytes) {

  private static final Pattern AVAILABLE = Pattern.compile("(?m)^MemAvailable:\\s+(\\d+) kB$");

  static Machine inspect() throws IOException {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    long total = system.getTotalMemorySize();
    long available = linuxAvailable(Path.of("/proc/meminfo")).orElse(system.getFreeMemorySize());
    Path folder = Path.of("").toAbsolutePath();
    return new Machine(
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("os.arch"),
        Runtime.getRuntime().availableProcessors(),
        total,
        Math.min(available, total),
        Runtime.getRuntime().maxMemory(),
        folder,
        Files.getFileStore(folder).getUsableSpace());
  }

  /** Java's own figure counts the page cache as used. */
  static OptionalLong linuxAvailable(Path meminfo) throws IOException {
    if (!Files.isReadable(meminfo)) {
      return OptionalLong.empty();
    }
    Matcher line = AVAILABLE.matcher(Files.readString(meminfo));
    return line.find()
        ? OptionalLong.of(Long.parseLong(line.group(1)) * 1024)
        : OptionalLong.empty();
  }
}
