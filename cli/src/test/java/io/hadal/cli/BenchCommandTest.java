package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class BenchCommandTest {
  @Test
  void jsonHoldsEveryTestAtEveryDepth() {
    Invocation run =
        TestModel.on(
            "bench",
            "--no-warmup",
            "-p",
            "8",
            "-n",
            "4,6",
            "-r",
            "2",
            "--depth",
            "0,40",
            "-t",
            "1",
            "--json");
    assertThat(run.exitCode()).as(run.err()).isZero();
    JsonNode json = TestModel.json(run);
    assertThat(json.path("warm").booleanValue()).isFalse();
    assertThat(json.path("threads").intValue()).isEqualTo(1);
    assertThat(json.path("kernels").stringValue()).isNotEmpty();
    JsonNode results = json.path("results");
    assertThat(results.valueStream().map(r -> r.path("test").stringValue()))
        .containsExactly("pp8", "tg4", "tg6", "pp8 @ d40", "tg4 @ d40", "tg6 @ d40");
    for (JsonNode r : results) {
      assertThat(r.path("samples")).hasSize(2);
      assertThat(r.path("tokens_per_second").doubleValue()).isPositive();
      assertThat(r.path("ms_per_token").doubleValue()).isPositive();
      assertThat(r.path("kv_bytes").longValue()).isPositive();
    }
  }

  @Test
  void tableAndCsvSayWhetherItWasWarm() {
    Invocation cold = TestModel.on("bench", "-p", "4", "-n", "0", "-r", "1", "--no-warmup");
    assertThat(cold.out()).contains("cold", "| pp4 ").doesNotContain("tg");
    Invocation warm = TestModel.on("bench", "-p", "0", "-n", "2", "-r", "1", "--csv");
    assertThat(warm.out().lines().toList()).hasSize(2);
    assertThat(warm.out()).contains(",warm,\"tg2\",0,2,0,1,");
  }

  @Test
  void sessionsGenerateTogether() {
    Invocation run =
        TestModel.on(
            "bench",
            "--no-warmup",
            "-p",
            "0",
            "-n",
            "3",
            "-r",
            "1",
            "-s",
            "1,4",
            "--csv",
            "--kernels",
            "auto");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out().lines().toList()).hasSize(3);
    assertThat(run.out()).contains("\"tg3\",0,3,0,1,", "\"tg3 x4\",0,3,0,1,");
    assertThat(run.out().lines().toList().get(2)).endsWith(",4");
  }

  @Test
  void deviationIsThatOfASample() {
    BenchResult result =
        new BenchResult(
            false,
            10,
            1,
            5,
            java.util.List.of(1_000_000_000L, 2_000_000_000L, 500_000_000L),
            0,
            java.util.List.of());
    assertThat(result.name()).isEqualTo("tg10 @ d5");
    // Speeds 10, 5 and 20.
    assertThat(result.mean()).isEqualTo(35 / 3.0);
    assertThat(result.deviation()).isEqualTo(7.637, org.assertj.core.data.Offset.offset(1e-3));
  }

  @Test
  void wrongArguments() {
    for (String[] args :
        new String[][] {
          {"-p", "0", "-n", "0"},
          {"-p", "-5"},
          {"-r", "0"},
          {"-s", "0"},
          {"--kernels", "fast"},
          {"-d", "-1"},
          {"-d", "2147483647"},
          {"--chunk", "0"},
          {"--csv", "--json"},
          {"-p", "many"}
        }) {
      assertThat(TestModel.on("bench", args).exitCode())
          .as(String.join(" ", args))
          .isEqualTo(ExitCode.USAGE);
    }
  }
}
