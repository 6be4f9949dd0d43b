package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class InspectCommandTest {
  private static final String MODEL = TestModel.FOLDER.toString();

  @TempDir private Path folder = Path.of("");

  @Test
  void jsonHoldsConfigurationParametersAndPlan() {
    Invocation run = Invocation.hadal("inspect", MODEL, "--context", "2000", "--json");
    assertThat(run.exitCode()).isZero();
    JsonNode json = TestModel.json(run);
    assertThat(json.path("family").stringValue()).isEqualTo("deepseek_v4");
    assertThat(json.path("config").path("layers")).hasSize(5);
    assertThat(json.at("/config/layers/3/kind").stringValue()).isEqualTo("hca/128");
    assertThat(json.at("/config/layers/0/hash_routed").booleanValue()).isTrue();
    assertThat(json.path("mtp_layers").intValue()).isEqualTo(1);
    // Counted by hand from the shapes: 6 of 8 experts of 3*128*64 in 5 layers rest.
    long total = json.at("/parameters/total").longValue();
    assertThat(total - json.at("/parameters/active").longValue()).isEqualTo(5L * 6 * 3 * 128 * 64);
    // Everything but the 512x2 routing table, which is no parameter.
    assertThat(total + json.at("/parameters/mtp").longValue()).isEqualTo(2516206 - 1024);
    assertThat(json.at("/tensors/count").intValue()).isEqualTo(310);
    assertThat(json.at("/storage/I64/tensors").intValue()).isEqualTo(1);
    assertThat(json.at("/memory_plan/context").intValue()).isEqualTo(2000);
    assertThat(json.at("/memory_plan/weight_bytes").longValue())
        .isEqualTo(json.path("bytes").longValue());
    assertThat(json.at("/tokenizer/found").booleanValue()).isFalse();
    assertThat(json.path("problems")).isEmpty();
  }

  @Test
  void longerContextNeedsMoreAndOfficialCachesNeedLess() {
    assertThat(kvBytes("--context", "100000"))
        .isGreaterThan(kvBytes("--context", "1000"))
        .isGreaterThan(kvBytes("--context", "100000", "--mode", "official"));
  }

  private static long kvBytes(String... options) {
    String[] args = new String[options.length + 3];
    args[0] = "inspect";
    args[1] = MODEL;
    args[2] = "--json";
    System.arraycopy(options, 0, args, 3, options.length);
    return TestModel.json(Invocation.hadal(args)).at("/memory_plan/kv_bytes").longValue();
  }

  @Test
  void textShowsLayersAndListsTensors() {
    Invocation run = Invocation.hadal("inspect", MODEL, "--tensors");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .contains("2 csa/4", "1 hca/128", "MTP", "fits in", "not found; give text commands")
        .contains("embed.weight  BF16  [512, 128]  131072");
  }

  @Test
  void unsupportedArchitectureStillShowsTheTensors() throws IOException {
    TestModel.copyTo(folder);
    TestModel.write(folder.resolve("config.json"), "{\"model_type\":\"llama\"}");
    Invocation run = Invocation.hadal("inspect", folder.toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.out()).contains("310 in 3 storage types");
    assertThat(run.err()).contains("llama", "deepseek_v4").hasLineCount(1);
  }

  @Test
  void missingTensorsStillShowTheConfiguration() throws IOException {
    TestModel.copyTo(folder);
    String config = Files.readString(folder.resolve("config.json"));
    TestModel.write(
        folder.resolve("config.json"),
        config
            .replace("\"num_hidden_layers\": 5", "\"num_hidden_layers\": 6")
            .replaceFirst("128,\\s+4,\\s+0\\s+]", "128, 4, 0, 0]"));
    Invocation run = Invocation.hadal("inspect", folder.toString(), "--json");
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    JsonNode json = TestModel.json(run);
    assertThat(json.path("config").path("layers")).hasSize(6);
    assertThat(json.at("/problems/0").stringValue())
        .contains("tensor layers.5.")
        .contains("missing");
    assertThat(run.err()).contains("layers.5.");
  }

  @Test
  void wrongArguments() {
    assertThat(Invocation.hadal("inspect").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(Invocation.hadal("inspect", MODEL, "--context", "0").exitCode())
        .isEqualTo(ExitCode.USAGE);
    assertThat(Invocation.hadal("inspect", MODEL, "--memory-limit", "lots").exitCode())
        .isEqualTo(ExitCode.USAGE);
    Invocation absent = Invocation.hadal("inspect", folder.resolve("no\nsuch").toString());
    assertThat(absent.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(absent.err()).hasLineCount(1);
    assertThat(Invocation.hadal("inspect", folder.toString()).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }
}
