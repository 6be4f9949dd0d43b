package io.hadal.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void aWriteReplacesAndACreationDoesNot() throws IOException {
    Path file = folder.resolve("file");
    assertThat(AtomicFiles.create(file, bytes("first"), OwnerOnly.file())).isTrue();
    assertThat(AtomicFiles.create(file, bytes("second"))).isFalse();
    assertThat(file).hasContent("first");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    AtomicFiles.write(file, bytes("third"));
    assertThat(file).hasContent("third");
    assertThat(names()).containsExactly("file");
  }

  @Test
  void whatFailsLeavesNothing() throws IOException {
    Path taken = folder.resolve("taken");
    Files.createDirectories(taken.resolve("inside"));
    assertThatThrownBy(() -> AtomicFiles.write(taken, bytes("x"))).isInstanceOf(IOException.class);
    assertThat(AtomicFiles.create(taken, bytes("x"))).isFalse();
    assertThat(names()).containsExactly("taken");
  }

  @Test
  void aStreamThatBreaksLeavesTheFileAsItWas() throws IOException {
    Path file = folder.resolve("file");
    byte[] large = new byte[200_000];
    Arrays.fill(large, (byte) 'x');
    AtomicFiles.write(
        file,
        out -> {
          out.write(large);
          out.write('y');
        },
        OwnerOnly.file());
    assertThat(file).hasSize(large.length + 1).content().endsWith("xy");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    out -> {
                      out.write(large);
                      throw new IOException("disk full");
                    }))
        .hasMessage("disk full");
    assertThat(file).hasSize(large.length + 1);
    assertThat(names()).containsExactly("file");
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
