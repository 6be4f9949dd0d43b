package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Gets artifacts through the installed Maven, and so with the user's settings.xml: mirrors,
 * proxies, credentials, local repository. All artifacts of a call are modules of one generated
 * project, so that Maven starts once and one missing artifact does not stop the others.
 */
final class MavenClient {
  private static final String PLUGIN_VERSION = "3.9.0";
  private static final Pattern BUILDING = Pattern.compile("Building artifact\\d+ .*");
  private static final Pattern FAILED =
      Pattern.compile("\\[ERROR\\] Failed to execute goal .* on project artifact(\\d+): (.*)");

  private final String command;
  private final boolean offline;

  /**
   * @param command name or path of {@code mvn}
   * @param offline use the local repository only
   */
  MavenClient(String command, boolean offline) {
    this.command = command;
    this.offline = offline;
  }

  /** Where Maven has put an artifact, or why it could not. */
  record Fetched(Map<Coordinates, Path> files, Map<Coordinates, String> failures) {}

  /**
   * Gets artifacts into a fresh folder.
   *
   * @param folder made here; what Maven printed stays in it as {@code maven.log}
   */
  Fetched fetch(List<Coordinates> wanted, Path folder, Progress progress)
      throws IOException, InterruptedException {
    writeProject(wanted, folder);
    Map<Integer, String> reasons = run(folder, progress);
    Map<Coordinates, Path> files = new HashMap<>();
    Map<Coordinates, String> failures = new HashMap<>();
    for (int i = 0; i < wanted.size(); i++) {
      Path file = output(folder, i, wanted.get(i));
      if (Files.isRegularFile(file)) {
        files.put(wanted.get(i), file);
      } else {
        failures.put(
            wanted.get(i),
            reasons.getOrDefault(i, "Maven did not get it; see " + folder.resolve("maven.log")));
      }
    }
    return new Fetched(files, failures);
  }

  private static void writeProject(List<Coordinates> wanted, Path folder) throws IOException {
    // A folder of this name ends Maven's search for project settings outside.
    Files.createDirectories(folder.resolve(".mvn"));
    StringBuilder modules = new StringBuilder();
    for (int i = 0; i < wanted.size(); i++) {
      modules.append("    <module>").append(name(i)).append("</module>\n");
      Path module = Files.createDirectories(folder.resolve(name(i)));
      Files.writeString(module.resolve("pom.xml"), modulePom(i, wanted.get(i)));
    }
    Files.writeString(
        folder.resolve("pom.xml"),
        """
        <project xmlns="http://maven.apache.org/POM/4.0.0">
          <modelVersion>4.0.0</modelVersion>
          <groupId>io.hadal.corpus</groupId>
          <artifactId>corpus</artifactId>
          <version>1</version>
          <packaging>pom</packaging>
          <modules>
        %s  </modules>
        </project>
        """
            .formatted(modules));
  }

  /** Coordinates hold no character that XML would have to escape. */
  private static String modulePom(int index, Coordinates c) {
    return """
    <project xmlns="http://maven.apache.org/POM/4.0.0">
      <modelVersion>4.0.0</modelVersion>
      <groupId>io.hadal.corpus</groupId>
      <artifactId>%s</artifactId>
      <version>1</version>
      <packaging>pom</packaging>
      <build><plugins><plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-dependency-plugin</artifactId>
        <version>%s</version>
        <executions><execution>
          <phase>generate-resources</phase>
          <goals><goal>copy</goal></goals>
          <configuration><artifactItems><artifactItem>
            <groupId>%s</groupId>
            <artifactId>%s</artifactId>
            <version>%s</version>
            <classifier>%s</classifier>
            <type>%s</type>
            <destFileName>artifact</destFileName>
          </artifactItem></artifactItems></configuration>
        </execution></executions>
      </plugin></plugins></build>
    </project>
    """
        .formatted(
            name(index),
            PLUGIN_VERSION,
            c.group(),
            c.artifact(),
            c.version(),
            c.classifier(),
            c.extension());
  }

  private static String name(int index) {
    return "artifact" + index;
  }

  private static Path output(Path folder, int index, Coordinates coordinates) {
    return folder.resolve(name(index)).resolve("target/dependency/artifact");
  }

  /** Runs Maven and returns the reasons of failure it names, by number of the artifact. */
  private Map<Integer, String> run(Path folder, Progress progress)
      throws IOException, InterruptedException {
    List<String> line =
        new ArrayList<>(List.of(command, "-B", "-ntp", "-fae", "-f", folder + "/pom.xml"));
    if (offline) {
      line.add("-o");
    }
    line.add("generate-resources");
    ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new FormatException(
          command,
          "cannot be started: " + e.getMessage() + "; install Apache Maven or name it with --maven",
          e);
    }
    Map<Integer, String> reasons = new HashMap<>();
    try (BufferedReader out =
            new BufferedReader(process.inputReader(StandardCharsets.UTF_8), 1 << 16);
        PrintWriter log = new PrintWriter(folder.resolve("maven.log").toFile(), "UTF-8")) {
      String text;
      while ((text = out.readLine()) != null) {
        log.println(text);
        if (BUILDING.matcher(text).find()) {
          progress.advance(1);
        }
        Matcher failed = FAILED.matcher(text);
        if (failed.matches()) {
          reasons.put(
              Integer.parseInt(failed.group(1)), failed.group(2).replaceAll(" -> \\[Help.*", ""));
        }
      }
      process.waitFor();
    } finally {
      process.destroy();
    }
    return reasons;
  }
}
