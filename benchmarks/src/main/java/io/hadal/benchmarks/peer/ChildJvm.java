package io.hadal.benchmarks.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Runs a main class in a JVM of its own, with the options that {@code ./hadal} gives. */
final class ChildJvm {
  /** The options of the launcher that change code or speed; on the class path. */
  static final List<String> FLAGS =
      List.of(
          "--add-modules=jdk.incubator.vector",
          "--enable-native-access=ALL-UNNAMED",
          "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
          "-XX:MaxTrivialSize=400",
          "-XX:MaxNodeLimit=160000",
          "-XX:NodeLimitFudgeFactor=4000",
          "-XX:PerMethodTrapLimit=500",
          "-XX:PerBytecodeTrapLimit=50");

  private ChildJvm() {}

  /**
   * Runs to the end.
   *
   * @param options more JVM options
   * @param lines receives each line of standard output
   * @throws IOException when the child fails; the message ends with what it wrote on stderr
   */
  static void run(
      Class<?> main, List<String> options, List<String> arguments, Consumer<String> lines)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(FLAGS);
    command.addAll(options);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(arguments);
    Path errors = Files.createTempFile("hadal-child", ".log");
    try {
      Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      try (BufferedReader output = process.inputReader()) {
        output.lines().forEach(lines);
      } finally {
        process.destroy();
      }
      int code = process.waitFor();
      if (code != 0) {
        throw new IOException(
            main.getSimpleName() + " ended with " + code + ": " + Files.readString(errors).strip());
      }
    } finally {
      Files.deleteIfExists(errors);
    }
  }
}
