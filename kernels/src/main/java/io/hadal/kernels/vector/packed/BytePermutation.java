package io.hadal.kernels.vector.packed;

import io.hadal.kernels.vector.Width;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Whether the processor looks up 64 bytes at once in a table of 64 (AVX-512 VBMI). Without it C2
 * has no code for such a look-up and calls Java for it, and nothing in the Vector API tells.
 */
final class BytePermutation {
  static final boolean AVAILABLE = Width.BITS == 512 && flags().contains("avx512vbmi");

  private BytePermutation() {}

  /** Flags of the first processor, as Linux names them; none on other systems. */
  private static List<String> flags() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> List.of(line.split("\\s+")))
          .orElse(List.of());
    } catch (IOException | RuntimeException e) {
      return List.of();
    }
  }
}
