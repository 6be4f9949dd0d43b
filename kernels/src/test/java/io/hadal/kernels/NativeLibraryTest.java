package io.hadal.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The library that is shipped is the one of these sources. */
class NativeLibraryTest {
  private static final Path SOURCES = Path.of("src/main/c");

  /** Not that of the class path, which the build replaces when it differs. */
  private static final Path LIBRARY =
      Path.of("src/main/resources/io/hadal/kernels/native/linux-x86_64/libhadal.so");

  /** As scripts/build-native.sh computes it. */
  private static String version() throws IOException, NoSuchAlgorithmException {
    MessageDigest hash = MessageDigest.getInstance("SHA-256");
    try (Stream<Path> files = Files.list(SOURCES)) {
      List<Path> sources =
          files
              .filter(f -> f.toString().endsWith(".c") || f.toString().endsWith(".h"))
              .sorted()
              .toList();
      assertThat(sources).isNotEmpty();
      for (Path source : sources) {
        hash.update(Files.readAllBytes(source));
      }
    }
    return "hadal-" + HexFormat.of().formatHex(hash.digest()).substring(0, 16);
  }

  @Test
  void prebuiltLibraryIsThatOfTheSources() throws Exception {
    String content = Files.readString(LIBRARY, StandardCharsets.ISO_8859_1);
    assertThat(content.contains(version()))
        .as("run scripts/build-native.sh and commit the library")
        .isTrue();
  }

  @Test
  void loadedLibraryTellsItsVersion() throws Exception {
    NativeStatus status = NativeStatus.get();
    assumeThat(status.version()).isNotEmpty();
    assertThat(status.version()).isEqualTo(version());
    assertThat(status.usable()).isEqualTo(status.problem() == null);
  }
}
