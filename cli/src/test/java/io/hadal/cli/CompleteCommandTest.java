package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On the model that comes with Hadal. */
class CompleteCommandTest {
  @TempDir private Path folder = Path.of("");
  private Path file = Path.of("");

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("Counter.java");
    Files.writeString(
        file,
        """
        public class Counter {
          private int count;

          public int getCount() {
            return\s
          }
        }
        """);
  }

  private static Invocation complete(String place, String... more) {
    String[] args = new String[more.length + 2];
    args[0] = "complete";
    args[1] = place;
    System.arraycopy(more, 0, args, 2, more.length);
    return Invocation.hadal(args);
  }

  @Test
  void fillsAPlaceTheSameWayEveryTime() {
    Invocation first = complete(file + ":5", "-n", "12");
    assertThat(first.exitCode()).as(first.err()).isZero();
    assertThat(first.out()).isNotBlank().doesNotContain("\uff5c");
    assertThat(complete(file + ":5:12", "-n", "12", "--threads", "1", "--cold").out())
        .isEqualTo(first.out());
  }

  @Test
  void placesOutsideTheFileAreNamed() {
    assertThat(complete(file + ":99").err()).contains("8 lines, not 99");
    assertThat(complete(file + ":1:80").err()).contains("columns 1..23");
    assertThat(complete(file + ":0").exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(complete("Counter").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(complete(folder.resolve("none") + ":1").exitCode()).isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void otherBytesAreNoText() throws IOException {
    Files.write(file, new byte[] {(byte) 0xc3, 40});
    Invocation run = complete(file + ":1");
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err()).contains("UTF-8").hasLineCount(1);
  }
}
