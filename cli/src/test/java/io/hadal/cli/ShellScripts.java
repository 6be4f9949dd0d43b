package io.hadal.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs the project's shell scripts with stand-ins for Java and Maven. */
final class ShellScripts {
  /** Modules that a complete JDK lists in its release file, as far as they matter here. */
  static final String MODULES = "java.base jdk.incubator.vector jdk.compiler";

  /** The folder of the parent pom; tests run in their module's folder. */
  static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

  private ShellScripts() {}

  /** What a process printed and returned. */
  record Result(int exitCode, String out, String err) {}

  /** Runs {@code command} with no environment but a bare PATH and {@code environment}. */
  static Result run(Path folder, Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("out", ".txt");
    Path err = Files.createTempFile("err", ".txt");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      builder.environment().clear();
      builder.environment().put("PATH", "/usr/bin:/bin");
      builder.environment().putAll(environment);
      Process process = builder.start();
      process.getOutputStream().close();
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException(command + " hangs");
      }
      return new Result(
          process.exitValue(),
          Files.readString(out, StandardCharsets.UTF_8),
          Files.readString(err, StandardCharsets.UTF_8));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** Writes an executable script. */
  static Path script(Path file, String body) throws IOException {
    Files.createDirectories(file.resolveSibling("."));
    Files.writeString(file, "#!/bin/sh\n" + body + "\n");
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + " cannot be made executable");
    }
    return file;
  }

  /** A folder that looks like a JDK; its java runs {@code javaBody}. */
  static Path jdk(Path home, String version, String modules, String javaBody) throws IOException {
    script(home.resolve("bin/java"), javaBody);
    script(home.resolve("bin/javac"), "exit 0");
    Files.writeString(
        home.resolve("release"),
        "IMPLEMENTOR=\"Somebody\"\nJAVA_VERSION=\"%s\"\nMODULES=\"%s\"\nOS_NAME=\"Linux\"\n"
            .formatted(version, modules));
    return home;
  }

  static Path jdk(Path home, String version) throws IOException {
    return jdk(home, version, MODULES, "exit 0");
  }
}
