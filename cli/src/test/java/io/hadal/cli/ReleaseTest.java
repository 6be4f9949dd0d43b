package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is shipped is what was pinned, and can be checked by who gets it. */
class ReleaseTest {
  private static final Path PINNED = ShellScripts.PROJECT.resolve("scripts/dependencies.sha256");

  @TempDir private Path folder = Path.of("");

  private static String hash(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  @Test
  void librariesAreThePinnedOnes() throws Exception {
    Map<String, Path> used = new HashMap<>();
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    for (String entry : path.split(File.pathSeparator)) {
      used.put(String.valueOf(Path.of(entry).getFileName()), Path.of(entry));
    }
    List<String> wrong = new ArrayList<>();
    List<String> pinned = Files.readAllLines(PINNED);
    for (String line : pinned) {
      String[] parts = line.split(" +");
      Path jar = used.get(parts[1]);
      if (jar == null || !hash(jar).equals(parts[0])) {
        wrong.add(parts[1] + " is " + (jar == null ? "not used" : hash(jar)));
      }
    }
    assertThat(wrong).as("after a change of libraries: scripts/release.sh --pin").isEmpty();
    assertThat(pinned).hasSizeGreaterThan(50);
  }

  private ShellScripts.Result sh(String... command) throws Exception {
    return ShellScripts.run(folder, Map.of("HOME", folder.toString()), List.of(command));
  }

  private ShellScripts.Result release(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(ShellScripts.PROJECT.resolve("scripts/release.sh").toString());
    command.addAll(List.of("--build", "build", "--pinned", "pinned"));
    command.addAll(List.of(arguments));
    return sh(command.toArray(String[]::new));
  }

  private void build(String library) throws IOException {
    Path lib = Files.createDirectories(folder.resolve("build/lib"));
    Files.writeString(lib.resolve("hadal-cli-1.2.3.jar"), "ours");
    Files.writeString(lib.resolve("other-1.0.jar"), library);
    Files.writeString(folder.resolve("build/bom.json"), "{}");
  }

  @Test
  void aReleaseCanBeChecked() throws Exception {
    assumeTrue(sh("sh", "-c", "tar --version | grep GNU && openssl version").exitCode() == 0);
    assertThat(release("out").exitCode()).isEqualTo(66);
    build("library");
    assertThat(release("--pin").exitCode()).isZero();
    assertThat(sh("openssl", "genpkey", "-algorithm", "ed25519", "-out", "key.pem").exitCode())
        .isZero();
    sh("openssl", "pkey", "-in", "key.pem", "-pubout", "-out", "key.pub");
    ShellScripts.Result first = release("--key", "key.pem", "out");
    assertThat(first.exitCode()).as(first.err()).isZero();
    assertThat(sh("tar", "-tzf", "out/hadal-1.2.3.tar.gz").out())
        .contains(
            "hadal-1.2.3/hadal\n",
            "hadal-1.2.3/dist/bom.json",
            "hadal-1.2.3/dist/built",
            "hadal-1.2.3/dist/lib/other-1.0.jar");

    // The same content gives the same bytes, whenever its files were written.
    Files.delete(folder.resolve("build/lib/other-1.0.jar"));
    build("library");
    assertThat(release("again").exitCode()).isZero();
    assertThat(hash(folder.resolve("again/hadal-1.2.3.tar.gz")))
        .isEqualTo(hash(folder.resolve("out/hadal-1.2.3.tar.gz")));

    // As the documentation says.
    String check =
        "openssl pkeyutl -verify -pubin -inkey ../key.pub -rawin -in SHA256SUMS"
            + " -sigfile SHA256SUMS.sig && sha256sum -c SHA256SUMS";
    assertThat(sh("sh", "-c", "cd out && " + check).exitCode()).isZero();
    Path sums = folder.resolve("out/SHA256SUMS");
    String before = Files.readString(sums);
    Files.writeString(sums, before.replace("tar", "tgz"));
    assertThat(sh("sh", "-c", "cd out && " + check).exitCode()).isNotZero();
    Files.writeString(sums, before);
    Files.writeString(folder.resolve("out/hadal-1.2.3.bom.json"), "{ }");
    assertThat(sh("sh", "-c", "cd out && " + check).exitCode()).isNotZero();

    // A library that is another one under the same name is not shipped.
    build("malicious");
    ShellScripts.Result other = release("third");
    assertThat(other.exitCode()).isEqualTo(65);
    assertThat(other.err()).contains("other-1.0.jar", "differ");
    assertThat(folder.resolve("third")).doesNotExist();
  }
}
