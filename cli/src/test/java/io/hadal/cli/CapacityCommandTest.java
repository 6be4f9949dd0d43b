package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CapacityCommandTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void whatIsMeasuredIsPlannedWith() throws Exception {
    String costs = folder.resolve("costs.json").toString();
    Invocation calibrate =
        Invocation.hadal(
            "capacity",
            "calibrate",
            "--model",
            EngramModel.FOLDER.toString(),
            "--out",
            costs,
            "--longest",
            "128",
            "--answers",
            "2",
            "--repeats",
            "2",
            "--mode",
            "exact",
            "--cold");
    assertThat(calibrate.exitCode()).as(calibrate.err()).isZero();
    assertThat(calibrate.err()).contains("prompt tokens/s");
    Path csv = folder.resolve("plan.csv");
    Invocation plan =
        Invocation.hadal(
            "capacity",
            "plan",
            "--costs",
            costs,
            "--rate",
            "0.1",
            "--prompt",
            "50",
            "--output",
            "5",
            "--ttft",
            "30",
            "--tpot",
            "5",
            "--count",
            "100",
            "--usd-per-hour",
            "1",
            "--csv",
            csv.toString());
    assertThat(plan.exitCode()).as(plan.err()).isZero();
    assertThat(plan.out()).contains("0.10/s", "0.20/s", "most of one", "90 % cached", "USD/M");
    assertThat(Files.readAllLines(csv))
        .hasSize(9)
        .allMatch(line -> line.split(",", -1).length == 14);
  }

  @Test
  void whatCannotBeDoneIsSaid() throws Exception {
    Path file = Files.writeString(folder.resolve("x.json"), "{}");
    Invocation none =
        Invocation.hadal("capacity", "plan", "--costs", file.toString(), "--rate", "1");
    assertThat(none.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(none.err()).contains("x.json").hasLineCount(1);
    assertThat(
            Invocation.hadal("capacity", "plan", "--costs", file.toString(), "--rate", "0")
                .exitCode())
        .isEqualTo(ExitCode.USAGE);
  }
}
