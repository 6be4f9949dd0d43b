package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.Json;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The scripts {@code hadal} and {@code mvnw} in a copy of the project's root. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  private static final String PRINT_ARGUMENTS = "for a; do printf '<%s>\\n' \"$a\"; done; exit 42";

  @TempDir private Path folder = Path.of("");
  private Path root = folder;
  private Path jdk = folder;

  @BeforeEach
  void copyScripts() throws IOException {
    root = Files.createDirectories(folder.resolve("a checkout"));
    Files.createDirectories(root.resolve("scripts"));
    for (String script :
        List.of(
            "hadal", "mvnw", "scripts/locale.sh", "scripts/find-jdk.sh", "scripts/find-maven.sh")) {
      Files.copy(
          ShellScripts.PROJECT.resolve(script),
          root.resolve(script),
          StandardCopyOption.COPY_ATTRIBUTES);
    }
    jdk =
        ShellScripts.jdk(folder.resolve("a jdk"), "25.0.3", ShellScripts.MODULES, PRINT_ARGUMENTS);
  }

  private ShellScripts.Result hadal(Map<String, String> more, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(root.resolve("hadal").toString()));
    command.addAll(List.of(arguments));
    Map<String, String> environment = new HashMap<>(more);
    environment.putIfAbsent("HADAL_JAVA_HOME", jdk.toString());
    return ShellScripts.run(folder, environment, command);
  }

  /** A Maven stand-in that "builds" one jar and counts its runs. */
  private void installBuild(String body) throws IOException {
    ShellScripts.script(
        root.resolve("mvnw"),
        "echo \"$@\" >>\"%s/builds\"\ncd \"%s\"\n%s".formatted(folder, root, body));
    Files.createDirectories(root.resolve("cli/src/main"));
    Files.writeString(root.resolve("cli/src/main/Source.java"), "class Source {}");
    Files.writeString(root.resolve("cli/pom.xml"), "<project/>");
    Files.writeString(root.resolve("pom.xml"), "<project/>");
  }

  private long builds() throws IOException {
    return Files.readAllLines(folder.resolve("builds")).size();
  }

  @Test
  void passesArgumentsAndExitCodeThrough() throws Exception {
    Files.createDirectories(root.resolve("dist/lib"));
    ShellScripts.Result run =
        hadal(
            Map.of("HADAL_JAVA_OPTS", "-Xmx1g -Dx=*"), "generate", "two words", "", "*", "--x=$y");
    assertThat(run.exitCode()).isEqualTo(42);
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .contains("<" + root.toRealPath() + "/dist/lib>\n")
        .contains("<-Xmx1g>\n<-Dx=*>\n")
        .endsWith(
            "<-m>\n<io.hadal.cli/io.hadal.cli.Hadal>\n<generate>\n<two words>\n<>\n<*>\n<--x=$y>\n");
  }

  @Test
  void worksThroughALink() throws Exception {
    Files.createDirectories(root.resolve("dist/lib"));
    Path link = Files.createSymbolicLink(folder.resolve("linked"), Path.of("a checkout/hadal"));
    ShellScripts.Result run =
        ShellScripts.run(
            folder, Map.of("HADAL_JAVA_HOME", jdk.toString()), List.of(link.toString(), "x"));
    assertThat(run.exitCode()).isEqualTo(42);
    assertThat(run.out()).endsWith("<x>\n");
  }

  @Test
  void buildsOnFirstUseAndWhenSourcesChange() throws Exception {
    installBuild("mkdir -p cli/target/dist/lib; echo jar >cli/target/dist/lib/a.jar");
    ShellScripts.Result first = hadal(Map.of(), "x");
    assertThat(first.exitCode()).isEqualTo(42);
    assertThat(first.err()).startsWith("hadal: building").hasLineCount(1);
    assertThat(first.out()).endsWith("<x>\n").doesNotContain("AOTCacheOutput");
    assertThat(root.resolve("dist/lib/a.jar")).exists();
    assertThat(builds()).isEqualTo(1);

    assertThat(hadal(Map.of(), "x").err()).isEmpty();
    assertThat(builds()).isEqualTo(1);

    Files.setLastModifiedTime(
        root.resolve("cli/src/main/Source.java"), FileTime.from(Instant.now().plusSeconds(5)));
    Files.writeString(root.resolve("dist/lib/stale.jar"), "old");
    assertThat(hadal(Map.of(), "x").err()).startsWith("hadal: building");
    assertThat(builds()).isEqualTo(2);
    assertThat(root.resolve("dist/lib/stale.jar")).doesNotExist();
  }

  @Test
  void buildReadsFileNamesOfAnyScriptInTheLocaleOfTheJdk() throws Exception {
    installBuild("echo \"$LC_ALL\" >locale; mkdir -p cli/target/dist/lib");
    hadal(Map.of("LC_ALL", "C"), "x");
    assertThat(root.resolve("locale")).hasContent("C.UTF-8");
    Files.delete(root.resolve("dist/built"));
    hadal(Map.of("LC_ALL", "de_DE.utf8"), "x");
    assertThat(root.resolve("locale")).hasContent("de_DE.utf8");
  }

  @Test
  void failedBuildShowsTheEndOfItsLogAndKeepsNoLock() throws Exception {
    installBuild("echo 'ERROR: Source.java:1 is wrong'; exit 1");
    for (int attempt = 1; attempt <= 2; attempt++) {
      ShellScripts.Result failed = hadal(Map.of(), "x");
      assertThat(failed.exitCode()).isEqualTo(ExitCode.INTERNAL);
      assertThat(failed.out()).isEmpty();
      assertThat(failed.err()).contains("failed:", "ERROR: Source.java:1 is wrong");
      assertThat(root.resolve("dist")).doesNotExist();
      assertThat(builds()).isEqualTo(attempt);
    }
  }

  @Test
  void mavenRunsInTheRootWithTheFoundJdk() throws Exception {
    Path maven = folder.resolve("a maven");
    ShellScripts.script(maven.resolve("bin/mvn"), "echo \"$JAVA_HOME|$PWD\"; " + PRINT_ARGUMENTS);
    Files.createDirectories(maven.resolve("lib"));
    Files.createFile(maven.resolve("lib/maven-core-3.9.9.jar"));
    ShellScripts.Result run =
        ShellScripts.run(
            folder,
            Map.of("HADAL_JAVA_HOME", jdk.toString(), "MAVEN_HOME", maven.toString()),
            List.of(root.resolve("mvnw").toString(), "-B", "verify this"));
    assertThat(run.exitCode()).isEqualTo(42);
    assertThat(run.out()).isEqualTo(jdk + "|" + root.toRealPath() + "\n<-B>\n<verify this>\n");
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
    }
  }

  /** The real program on the module path, with this build's classes as the distribution. */
  @Test
  void launchedProgramFindsNothingMissingAndPrintsNoWarnings() throws Exception {
    Path lib = Files.createDirectories(root.resolve("dist/lib"));
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    int number = 0;
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      if (path.toString().endsWith("-tests.jar")) {
        // Classes of tests are no part of it, and in packages of its modules.
        continue;
      }
      if (Files.isRegularFile(path)) {
        Files.copy(path, lib.resolve(path.getFileName()));
      } else if (path.endsWith("classes")) {
        copyTree(path, lib.resolve("module" + number++));
      }
    }
    ShellScripts.Result run =
        hadal(Map.of("HADAL_JAVA_HOME", System.getProperty("java.home")), "doctor", "--json");
    assertThat(run.err()).isEmpty();
    JsonNode report = Json.parse(run.out().getBytes(StandardCharsets.UTF_8), "hadal doctor");
    assertThat(report.required("checks"))
        .allSatisfy(check -> assertThat(check.required("ok").booleanValue()).isTrue());
    assertThat(report.required("vector_bits").intValue()).isGreaterThanOrEqualTo(64);
    // The kernels must see the Vector API although it is resolved after start-up.
    assertThat(report.required("kernels").toString()).doesNotContain("scalar");
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);

    // A database, its migrations and a key: what only the class path finds would be missing here.
    ShellScripts.Result key =
        hadal(
            Map.of("HADAL_JAVA_HOME", System.getProperty("java.home")),
            "keys",
            "create",
            "--name",
            "launched",
            "--data",
            root.resolve("data").toString());
    assertThat(key.exitCode()).as(key.err()).isEqualTo(ExitCode.OK);
    assertThat(key.out() + key.err()).contains("sk-l-").doesNotContain("WARNING");
  }
}
