package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.formats.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class VerifyCommandTest {
  @TempDir private Path folder = Path.of("");

  private static Invocation verify(Path model, Path golden, String... more) {
    String[] args = new String[more.length + 5];
    args[0] = "verify";
    args[1] = "--model";
    args[2] = model.toString();
    args[3] = "--golden";
    args[4] = golden.toString();
    System.arraycopy(more, 0, args, 5, more.length);
    return Invocation.hadal(args);
  }

  /** The model with two bytes of one tensor changed. */
  private void damage(String tensor, int first, int second) throws IOException {
    TestModel.copyTo(folder);
    Path weights = folder.resolve("model.safetensors");
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout();
    try (Safetensors old = Safetensors.open(TestModel.FOLDER.resolve("model.safetensors"))) {
      for (String name : old.names()) {
        StoredTensor t = old.get(name);
        layout.tensor(name, t.type(), t.shape().stream().mapToLong(Long::longValue).toArray());
      }
      try (SafetensorsWriter writer = layout.create(weights)) {
        for (String name : old.names()) {
          byte[] bytes = old.get(name).data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
          if (name.equals(tensor)) {
            bytes[0] = (byte) first;
            bytes[1] = (byte) second;
          }
          writer.write(name, bytes);
        }
        writer.finish();
      }
    }
  }

  @Test
  void theEmbeddedModelPasses() {
    Invocation run = verify(TestModel.FOLDER, TestModel.GOLDEN);
    assertThat(run.exitCode()).as(run.out()).isZero();
    assertThat(run.out()).contains("ok   logits p129").endsWith("10 passed, 0 failed\n");
  }

  @Test
  void oneChangedWeightFails() throws IOException {
    // 1.0 in bf16, where random weights are small.
    damage("layers.2.attn.wkv.weight", 0x80, 0x3f);
    Invocation run = verify(folder, TestModel.GOLDEN, "--json");
    assertThat(run.exitCode()).isEqualTo(ExitCode.CHECK_FAILED);
    JsonNode json = TestModel.json(run);
    assertThat(json.path("ok").booleanValue()).isFalse();
    assertThat(json.path("failed").intValue()).isPositive();
    assertThat(json.path("passed").intValue() + json.path("failed").intValue()).isEqualTo(10);
  }

  @Test
  void weightsThatAreNoNumbersFailToo() throws IOException {
    damage("norm.weight", 0xc0, 0x7f);
    Invocation run = verify(folder, TestModel.GOLDEN);
    assertThat(run.exitCode()).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(run.out()).contains("failed").doesNotContain(" 0 failed");
  }

  @Test
  void aGoldenWithoutCasesFails() throws IOException {
    TestModel.write(folder.resolve("index.json"), "{\"prompts\": []}");
    Invocation run = verify(TestModel.FOLDER, folder);
    assertThat(run.exitCode()).isEqualTo(ExitCode.CHECK_FAILED);
    assertThat(run.out()).isEqualTo("0 passed, 0 failed" + System.lineSeparator());
    assertThat(run.err()).contains("no case");
  }

  @Test
  void wrongArguments() {
    assertThat(TestModel.on("verify").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(verify(TestModel.FOLDER, folder.resolve("absent")).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(verify(folder.resolve("absent"), TestModel.GOLDEN).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }
}
