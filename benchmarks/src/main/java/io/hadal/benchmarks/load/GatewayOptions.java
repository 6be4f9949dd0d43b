package io.hadal.benchmarks.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How gateways are started, and where their data is meanwhile. */
final class GatewayOptions {
  @Option(
      names = "--hadal",
      paramLabel = "COMMAND",
      split = " ",
      description = "The command to start. Default: ./hadal")
  private List<String> hadal = List.of("./hadal");

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      description =
          "Where the platform keeps its data meanwhile; a new folder in it is made and removed."
              + " Default: the folder for temporary files.")
  private @Nullable Path folder;

  List<String> hadal() {
    return hadal;
  }

  /** A new folder, which is removed when it is closed. */
  WorkFolder workFolder(String name) throws IOException {
    Path parent = folder;
    return new WorkFolder(
        parent == null
            ? Files.createTempDirectory("hadal-" + name)
            : Files.createTempDirectory(Files.createDirectories(parent), name));
  }

  /** A folder for the time of a measurement. */
  record WorkFolder(Path path) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      try (Stream<Path> files = Files.walk(path)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
