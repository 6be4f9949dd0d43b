package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
            "--routed",
            "0.3,0.03,1.2",
            "--tenant-share",
            "0.4",
            "--compare",
            costs,
            "--csv",
            csv.toString());
    assertThat(plan.exitCode()).as(plan.err()).isZero();
    assertThat(plan.out())
        .contains("0.10/s", "0.20/s", "most of one", "90 % cached", "USD/M", "ready after")
        .contains(" sends 2 times as much, 40 % of all", "others see", "steps of 128", "cheapest");
    assertThat(Files.readAllLines(csv))
        .allMatch(line -> line.split(",", -1).length == 16)
        .anyMatch(line -> line.startsWith("it sees,"))
        .anyMatch(line -> line.startsWith("mix,0,"));
    for (String[] wrong :
        new String[][] {{"1e999", "--ttft", "2"}, {"2", "--ttft", "-1"}, {"2", "--tpot", "1e9"}}) {
      List<String> bad = new ArrayList<>(List.of("capacity", "plan", "--costs", costs, "--rate"));
      bad.addAll(List.of(wrong));
      Invocation refused = Invocation.hadal(bad.toArray(String[]::new));
      assertThat(refused.exitCode()).as(refused.err()).isEqualTo(ExitCode.USAGE);
    }
    // The same model beside itself takes the same.
    List<String> figures =
        plan.out()
            .lines()
            .filter(line -> line.startsWith("most of one") || line.startsWith("  engram"))
            .map(line -> line.substring(16))
            .toList();
    assertThat(figures).hasSize(2);
    assertThat(figures.getFirst()).isEqualTo(figures.getLast());
  }

  @Test
  void costsAreShownWithTheErrorsOfTheirPredictions() throws Exception {
    Path file = folder.resolve("live-costs-x.json");
    String costs =
        """
        {"schema": 1, "model": "m", "host": "h", "mixed": 1, "step_tokens": 512,
         "prefill": {"tokens": [1, 512], "contexts": [0], "nanos": [[20000000], [60000000]]},
         "decode": {"answers": [1, 32], "contexts": [0], "nanos": [[20000000], [40000000]]},
         "kv_fixed": 0, "kv_per_token": 0, "kv_budget": 0, "residual": 0.031%s}
        """;
    Files.writeString(file, costs.formatted(""));
    Invocation plain = Invocation.hadal("capacity", "show", file.toString());
    assertThat(plain.exitCode()).as(plain.err()).isZero();
    assertThat(plain.out())
        .contains("m on h", "20.00 ms for a token", "60.00 ms for 512", "within 3.1 %")
        .hasLineCount(2);
    Files.writeString(
        file,
        costs.formatted(
            ", \"live\": {\"steps\": 900, \"errors\": [{\"kind\": \"all\", \"calibrated\": null,"
                + " \"live\": {\"steps\": 512, \"median\": 0.05, \"p95\": 0.5, \"ratio\":"
                + " 1.02}}]}"));
    assertThat(Invocation.hadal("capacity", "show", file.toString()).out())
        .contains("learnt from 900 steps", "half within   5.0 %", "1.02 times")
        .hasLineCount(4);
    Files.writeString(file, "[]");
    Invocation none = Invocation.hadal("capacity", "show", file.toString());
    assertThat(none.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(none.err()).contains("live-costs-x.json").hasLineCount(1);
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
    for (List<String> more :
        List.of(
            List.of("--routed", "1,2,3"),
            List.of("--routed", "1,2", "--usd-per-hour", "1"),
            List.of("--tenant-growth", "-1"),
            List.of("--tenant-share", "1"))) {
      List<String> all =
          new ArrayList<>(List.of("capacity", "plan", "--costs", file.toString(), "--rate", "1"));
      all.addAll(more);
      Invocation wrong = Invocation.hadal(all.toArray(String[]::new));
      assertThat(wrong.exitCode()).as(wrong.err()).isEqualTo(ExitCode.USAGE);
      assertThat(wrong.err()).contains("--routed three prices");
    }
  }
}
