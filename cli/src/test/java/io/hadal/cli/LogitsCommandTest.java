package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Sampler;
import io.hadal.engine.Session;
import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.StoredTensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogitsCommandTest {
  @TempDir private Path folder = Path.of("");

  private Invocation logits(String tokens, Path out, String... more) throws IOException {
    Path file = TestModel.write(folder.resolve("tokens.json"), tokens);
    String[] args = new String[more.length + 4];
    args[0] = "--tokens";
    args[1] = file.toString();
    args[2] = "--out";
    args[3] = out.toString();
    System.arraycopy(more, 0, args, 4, more.length);
    return TestModel.on("logits", args);
  }

  private static float[][] expected(int... tokens) {
    try (Engine engine = Engine.open(TestModel.FOLDER, EngineOptions.defaults());
        Session session = engine.newSession()) {
      return session.appendAll(tokens);
    }
  }

  private static void assertHolds(Safetensors file, String prefix, float[][] rows) {
    StoredTensor logits = file.get(prefix + "logits");
    assertThat(logits.shape()).isEqualTo(List.of((long) rows.length, 512L));
    float[] values = logits.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    int[] argmax = file.get(prefix + "argmax").data().toArray(ValueLayout.JAVA_INT_UNALIGNED);
    for (int i = 0; i < rows.length; i++) {
      assertThat(java.util.Arrays.copyOfRange(values, i * 512, (i + 1) * 512)).isEqualTo(rows[i]);
      assertThat(argmax[i]).isEqualTo(Sampler.argmax(rows[i]));
    }
  }

  @Test
  void fileHoldsTheEnginesNumbersInAnyChunking() throws IOException {
    float[][] rows = expected(5, 6, 7, 8, 9);
    Path out = folder.resolve("out.safetensors");
    for (String chunk : new String[] {"1", "3", "128"}) {
      Invocation run = logits("[5, 6, 7, 8, 9]", out, "--chunk", chunk);
      assertThat(run.exitCode()).as(run.err()).isZero();
      try (Safetensors file = Safetensors.open(out)) {
        assertHolds(file, "", rows);
      }
    }
  }

  @Test
  void namedListsGiveNamedTensors() throws IOException {
    Path out = folder.resolve("out.safetensors");
    assertThat(logits("{\"a\": [5, 6], \"b\": [300]}", out).exitCode()).isZero();
    try (Safetensors file = Safetensors.open(out)) {
      assertHolds(file, "a.", expected(5, 6));
      assertHolds(file, "b.", expected(300));
    }
    assertThat(logits("{\"tokens\": [5, 6]}", out).exitCode()).isZero();
    try (Safetensors file = Safetensors.open(out)) {
      assertHolds(file, "", expected(5, 6));
    }
  }

  @Test
  void failureLeavesTheOldFileAndNoRemains() throws IOException {
    Path results = Files.createDirectory(folder.resolve("results"));
    Path out = TestModel.write(results.resolve("out.safetensors"), "old");
    assertThat(logits("[5, 512]", out).exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(logits("[5]", out, "--memory-limit", "1M").exitCode())
        .isEqualTo(ExitCode.DOES_NOT_FIT);
    assertThat(logits("[5]", out, "--chunk", "0").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(out).hasContent("old");
    try (Stream<Path> left = Files.list(results)) {
      assertThat(left).hasSize(1);
    }
    Invocation nowhere = logits("[5]", folder.resolve("absent/out.safetensors"));
    assertThat(nowhere.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(nowhere.err()).contains("cannot be written");
  }
}
