package io.hadal.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process that has ended.
 *
 * @param exitCode -1 when it was stopped because it took too long
 * @param output of both streams
 */
record ClientRun(int exitCode, String output, Duration time) {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Runs a client in an empty home folder, with nothing of our environment. */
  static ClientRun isolated(Path home, Map<String, String> more, List<String> command)
      throws IOException {
    Map<String, String> environment = new HashMap<>(NpmClient.environment(home));
    environment.putAll(more);
    return run(home.resolve("work"), environment, command, PATIENCE);
  }

  /** Runs a tool with the environment of this process. */
  static ClientRun inherit(Path folder, List<String> command, Duration patience)
      throws IOException {
    return run(folder, null, command, patience);
  }

  private static ClientRun run(
      Path folder,
      @Nullable Map<String, String> environment,
      List<String> command,
      Duration patience)
      throws IOException {
    Path log = folder.resolveSibling(folder.getFileName() + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    if (environment != null) {
      builder.environment().clear();
      builder.environment().putAll(environment);
    }
    long start = System.nanoTime();
    Process process = builder.start();
    boolean ended = false;
    try {
      ended = process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    return new ClientRun(ended ? process.exitValue() : -1, Files.readString(log), time);
  }

  /** The last line that says something. */
  String lastLine() {
    return output.lines().filter(l -> !l.isBlank()).reduce("", (a, b) -> b);
  }
}
