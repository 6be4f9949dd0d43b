package io.hadal.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.opentest4j.TestAbortedException;

/**
 * Pinned npm packages, installed once into {@code target/clients} without running their scripts.
 *
 * @param name folder of its own, so that one failure does not stop other clients
 * @param packages names with versions
 * @param overrides versions of packages that these need, by their names
 */
record NpmClient(String name, List<String> packages, Map<String, String> overrides) {
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  static NpmClient of(String name, String... packages) {
    return new NpmClient(name, List.of(packages), Map.of());
  }

  /** The same with other versions of what its packages need. */
  NpmClient overriding(Map<String, String> versions) {
    return new NpmClient(name, packages, versions);
  }

  /**
   * The folder {@code node_modules}.
   *
   * @throws TestAbortedException when npm is not there or cannot install
   */
  Path install() {
    Path folder = Path.of("target", "clients", name).toAbsolutePath();
    Path done = folder.resolve("installed.txt");
    String pinned =
        overrides.entrySet().stream()
            .map(e -> "\"" + e.getKey() + "\": \"" + e.getValue() + "\"")
            .sorted()
            .collect(Collectors.joining(", ", "{\"private\": true, \"overrides\": {", "}}\n"));
    String wanted = String.join("\n", packages) + "\n" + pinned;
    try {
      if (Files.exists(done) && Files.readString(done).equals(wanted)) {
        return folder.resolve("node_modules");
      }
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("package.json"), pinned);
      // A lock of other packages would hold on to their versions.
      Files.deleteIfExists(folder.resolve("package-lock.json"));
      List<String> command = new ArrayList<>(List.of("npm", "install", "--ignore-scripts"));
      command.addAll(List.of("--no-audit", "--no-fund", "--save-exact"));
      command.addAll(packages);
      ClientRun run = ClientRun.inherit(folder, command, PATIENCE);
      if (run.exitCode() != 0) {
        throw skipped("npm install failed: " + reason(run));
      }
      Files.writeString(done, wanted);
      return folder.resolve("node_modules");
    } catch (IOException e) {
      throw skipped("npm is not there: " + e.getMessage());
    }
  }

  /** What npm says first: its code and what that means. */
  private static String reason(ClientRun run) {
    String said =
        run.output()
            .lines()
            .filter(l -> l.startsWith("npm error"))
            .limit(3)
            .map(l -> l.substring("npm error".length()).strip())
            .collect(Collectors.joining("; "));
    return said.isEmpty() ? "exit " + run.exitCode() + " " + run.lastLine() : said;
  }

  private TestAbortedException skipped(String why) {
    String line = name + " is skipped: " + why;
    System.out.println(line);
    return new TestAbortedException(line);
  }

  /** An empty home folder for one run. */
  Path freshHome(String test) {
    Path home = Path.of("target", "clients", "homes", test).toAbsolutePath();
    try {
      if (Files.exists(home)) {
        try (var files = Files.walk(home)) {
          for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
      Files.createDirectories(home.resolve("work"));
      return home;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Environment that a client gets: nothing of ours, and no way out. */
  static Map<String, String> environment(Path home) {
    return Map.of(
        "PATH", System.getenv().getOrDefault("PATH", "/usr/bin:/bin"),
        "HOME", home.toString(),
        "TMPDIR", home.toString(),
        "TERM", "dumb",
        "SHELL", "/bin/sh",
        // Nobody listens there.
        "HTTPS_PROXY", "http://127.0.0.1:9",
        "https_proxy", "http://127.0.0.1:9",
        "NO_PROXY", "127.0.0.1,localhost",
        "no_proxy", "127.0.0.1,localhost");
  }
}
