package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules of {@code scripts/find-jdk.sh} and {@code scripts/find-maven.sh}. */
@DisabledOnOs(OS.WINDOWS)
class FindJdkTest {
  /** The folders to search hold {@code installed} only; a PATH without Java is the default. */
  private static ShellScripts.Result find(Path installed, Map<String, String> environment)
      throws IOException, InterruptedException {
    String script =
        """
        set -eu
        . "%s/scripts/find-jdk.sh"
        jdk_folders() { for f in "%s"/*; do printf '%%s\\n' "$f"; done; }
        find_jdk
        """
            .formatted(ShellScripts.PROJECT, installed);
    Map<String, String> withoutJava =
        environment.containsKey("PATH") ? Map.of() : Map.of("PATH", installed + "/none");
    Map<String, String> all = new HashMap<>(withoutJava);
    all.putAll(environment);
    return ShellScripts.run(installed, all, List.of("/bin/sh", "-c", script));
  }

  @Test
  void askedForJdkWins(@TempDir Path folder) throws Exception {
    Path installed = Files.createDirectories(folder.resolve("installed"));
    ShellScripts.jdk(installed.resolve("a"), "25.0.9");
    Path asked = ShellScripts.jdk(folder.resolve("my jdk"), "25.0.3");
    Path other = ShellScripts.jdk(folder.resolve("other"), "26");
    ShellScripts.Result found =
        find(installed, Map.of("HADAL_JAVA_HOME", asked.toString(), "JAVA_HOME", other.toString()));
    assertThat(found).isEqualTo(new ShellScripts.Result(0, asked + "\n", ""));
  }

  @ParameterizedTest
  @CsvSource({
    "25.0.2, java.base jdk.incubator.vector, is Java 25.0.2",
    "21.0.11, java.base jdk.incubator.vector, is Java 21.0.11",
    "1.8.0_402, java.base, is Java 1.8.0_402",
    "25.0.3, java.base jdk.incubator.vector.fake, lacks the module jdk.incubator.vector"
  })
  void askedForButUnsuitableIsAnError(
      String version, String modules, String problem, @TempDir Path folder) throws Exception {
    Path installed = Files.createDirectories(folder.resolve("installed"));
    ShellScripts.jdk(installed.resolve("good"), "25.0.3");
    Path asked = ShellScripts.jdk(folder.resolve("asked"), version, modules, "exit 0");
    ShellScripts.Result found = find(installed, Map.of("HADAL_JAVA_HOME", asked.toString()));
    assertThat(found.exitCode()).isEqualTo(1);
    assertThat(found.out()).isEmpty();
    assertThat(found.err())
        .startsWith("hadal: HADAL_JAVA_HOME=" + asked + " " + problem + "; install a JDK 25")
        .hasLineCount(1);
  }

  @Test
  void unsuitableJavaHomeIsPassedOver(@TempDir Path folder) throws Exception {
    Path installed = Files.createDirectories(folder.resolve("installed"));
    Path good = ShellScripts.jdk(installed.resolve("good"), "25.0.3");
    Path old = ShellScripts.jdk(folder.resolve("old"), "17.0.15");
    ShellScripts.Result found = find(installed, Map.of("JAVA_HOME", old.toString()));
    assertThat(found).isEqualTo(new ShellScripts.Result(0, good + "\n", ""));
  }

  @Test
  void javaOnThePathIsFollowedThroughLinks(@TempDir Path folder) throws Exception {
    Path installed = Files.createDirectories(folder.resolve("installed"));
    Path home = ShellScripts.jdk(folder.resolve("real jdk"), "25.0.4");
    Path links = Files.createDirectories(folder.resolve("bin"));
    Path first = Files.createSymbolicLink(folder.resolve("alternative"), home.resolve("bin/java"));
    Files.createSymbolicLink(links.resolve("java"), Path.of("..").resolve(first.getFileName()));
    ShellScripts.Result found = find(installed, Map.of("PATH", links + ":/usr/bin:/bin"));
    assertThat(found).isEqualTo(new ShellScripts.Result(0, home + "\n", ""));
  }

  @Test
  void newestUpdateOfTheOldestFeatureReleaseIsTaken(@TempDir Path folder) throws Exception {
    Path installed = Files.createDirectories(folder.resolve("installed jdks"));
    ShellScripts.jdk(installed.resolve("a"), "26.0.1");
    ShellScripts.jdk(installed.resolve("b"), "25.0.3");
    Path best = ShellScripts.jdk(installed.resolve("c with space"), "25.0.10");
    ShellScripts.jdk(installed.resolve("d"), "25.0.9");
    ShellScripts.jdk(installed.resolve("e"), "24.0.2");
    assertThat(find(installed, Map.of())).isEqualTo(new ShellScripts.Result(0, best + "\n", ""));
  }

  @Test
  void brokenFoldersAreNoJdks(@TempDir Path folder) throws Exception {
    Files.createDirectories(folder.resolve("empty"));
    Files.writeString(Files.createDirectory(folder.resolve("text")).resolve("release"), "hello");
    Files.delete(ShellScripts.jdk(folder.resolve("jre"), "25.0.3").resolve("bin/javac"));
    Files.delete(ShellScripts.jdk(folder.resolve("headless"), "25.0.3").resolve("bin/java"));
    ShellScripts.jdk(folder.resolve("nonsense"), "$(touch pwned)");
    ShellScripts.Result found = find(folder, Map.of());
    assertThat(found.exitCode()).isEqualTo(1);
    assertThat(found.err())
        .startsWith("hadal: no JDK 25.0.3 or newer found")
        .contains("install a JDK 25")
        .hasLineCount(1);
    assertThat(folder.resolve("pwned")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({"3.8.7, 0", "3.6.3, 1", "4.0.0-rc-5, 0"})
  void mavenIsJudgedByItsCoreLibrary(String version, int exitCode, @TempDir Path folder)
      throws Exception {
    Path maven = folder.resolve("a maven");
    ShellScripts.script(maven.resolve("bin/mvn"), "exit 9");
    Files.createDirectories(maven.resolve("lib"));
    Files.createFile(maven.resolve("lib/maven-core-" + version + ".jar"));
    String script =
        """
        set -eu
        . "%1$s/scripts/find-jdk.sh"
        . "%1$s/scripts/find-maven.sh"
        maven_folders() { echo "%2$s"; }
        find_maven
        """
            .formatted(ShellScripts.PROJECT, maven);
    ShellScripts.Result found =
        ShellScripts.run(
            folder, Map.of("PATH", folder + "/none"), List.of("/bin/sh", "-c", script));
    assertThat(found.exitCode()).isEqualTo(exitCode);
    assertThat(found.out()).isEqualTo(exitCode == 0 ? maven + "/bin/mvn\n" : "");
    if (exitCode != 0) {
      assertThat(found.err()).startsWith("hadal: no Maven 3.8 or newer found; install");
    }
  }
}
