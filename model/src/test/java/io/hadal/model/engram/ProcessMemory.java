package io.hadal.model.engram;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resident memory of this process since a mark; nothing is measured without {@code /proc}. */
final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path CLEAR = Path.of("/proc/self/clear_refs");

  private final long before;

  private ProcessMemory(long before) {
    this.before = before;
  }

  /** Collects garbage and starts the peak anew. */
  static ProcessMemory mark() throws IOException {
    System.gc();
    if (Files.isWritable(CLEAR)) {
      // 5 sets the peak to the present size (proc(5)).
      Files.writeString(CLEAR, "5");
    }
    return new ProcessMemory(read("VmRSS"));
  }

  /** Bytes by which the peak exceeds what was resident at the mark. */
  long peakGrowth() throws IOException {
    return Math.max(0, read("VmHWM") - before);
  }

  private static long read(String field) throws IOException {
    if (!Files.exists(STATUS)) {
      return 0;
    }
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith(field + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .sum();
  }
}
