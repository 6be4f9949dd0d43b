package io.hadal.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A gateway with the platform as a process, its start and its endurance (platform specification,
 * tests 21 and 22). With {@code -Dhadal.soak=true} for two hours and one, times {@code
 * hadal.soak.scale}, with {@code hadal.soak.streams} at once.
 */
class SoakTest {
  private static final int SECONDS =
      (int) (7200 * Double.parseDouble(System.getProperty("hadal.soak.scale", "1")));
  private static final int STREAMS = Integer.getInteger("hadal.soak.streams", 1000);

  /** The bar is 1.5 s on an idle machine with an AOT cache, which this has not. */
  private static final double MOST_START_SECONDS = 30;

  @TempDir private Path folder = Path.of("");

  private String soak(String... more) {
    List<String> arguments = new ArrayList<>();
    arguments.add("--hadal");
    arguments.add(
        String.join(
            " ",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "io.hadal.cli.Hadal"));
    arguments.add("--folder");
    arguments.add(folder.toString());
    arguments.addAll(List.of(more));
    StringWriter report = new StringWriter();
    int exit = Soak.run(arguments.toArray(String[]::new), new PrintWriter(report, true));
    System.out.println(report);
    assertThat(exit).as(report.toString()).isZero();
    return report.toString();
  }

  @Test
  void nothingStaysOfClientsThatLeave() {
    String report =
        soak("--streams", "50", "--seconds", "2", "--gap", "20", "--events", "8", "--leave", "0.2");
    Matcher ready = Pattern.compile("ready after ([0-9.]+) s").matcher(report);
    assertThat(ready.find()).isTrue();
    assertThat(Double.parseDouble(ready.group(1))).isLessThan(MOST_START_SECONDS);
    assertThat(report).containsPattern("[1-9][0-9]* answers, [1-9][0-9]* clients left");
  }

  @Test
  @EnabledIfSystemProperty(named = "hadal.soak", matches = "true")
  void memoryStaysFlat() {
    soak("--streams", Integer.toString(STREAMS), "--seconds", Integer.toString(SECONDS));
  }

  @Test
  @EnabledIfSystemProperty(named = "hadal.soak", matches = "true")
  void aFifthOfTheClientsLeavesForHours() {
    soak(
        "--streams",
        Integer.toString(STREAMS),
        "--seconds",
        Integer.toString(SECONDS / 2),
        "--leave",
        "0.2");
  }
}
