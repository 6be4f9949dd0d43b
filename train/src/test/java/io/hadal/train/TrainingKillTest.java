package io.hadal.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.Json;
import io.hadal.formats.weights.Safetensors;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** Kills training processes; the run that follows on must end as if nothing had happened. */
class TrainingKillTest {
  private static final boolean SLOW = Boolean.getBoolean("hadal.slow");
  private static final int STEPS = SLOW ? 60 : 13;
  private static final int KILLS = SLOW ? 4 : 1;

  @TempDir private Path folder = Path.of("");

  /** Starts or resumes a run; argument: its folder. Says what it does on stdout. */
  static final class Run {
    private Run() {}

    public static void main(String[] args) {
      Path out = Path.of(args[0]);
      ObjectNode json = TrainerTest.config().toJson().put("checkpoint_minutes", 0.01);
      TrainConfig config = TrainConfig.parse(json, "test");
      TrainListener listener =
          new TrainListener() {
            @Override
            public void stepped(Step step) {
              System.out.println("step " + step.step());
            }

            @Override
            public void saved(long step) {
              System.out.println("saved " + step);
            }
          };
      boolean begun = Files.exists(out.resolve("training/checkpoint.safetensors"));
      try (Trainer trainer =
          begun
              ? Trainer.resume(TrainerTest.data(), out, 2)
              : Trainer.start(config, TrainerTest.data(), out, 2)) {
        System.out.println("from " + trainer.step());
        trainer.run(new Budget.Steps(STEPS), () -> false, listener);
      }
    }
  }

  private static Process start(Path out) throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Run.class.getName(),
                out.toString()))
        .redirectError(out.resolveSibling(out.getFileName() + ".log").toFile())
        .start();
  }

  /** Kills the process some steps and milliseconds after its first checkpoint. */
  private static int killed(Process process, Random random) throws Exception {
    int from = -1;
    int left = -1;
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("from ")) {
          from = Integer.parseInt(line.substring(5));
        }
        if (left < 0 && line.startsWith("saved ")) {
          left = random.nextInt(SLOW ? 8 : 4);
        } else if (left >= 0 && left-- == 0) {
          Thread.sleep(random.nextInt(60));
          break;
        }
      }
      // It must not have come to its end by itself.
      assertThat(process.destroyForcibly().waitFor()).isNotZero();
    }
    return from;
  }

  @Test
  void aKilledRunEndsAsAnUndisturbedOne() throws Exception {
    Path whole = folder.resolve("whole");
    assertThat(finished(start(whole))).isZero();
    Path other = folder.resolve("killed");
    Random random = new Random();
    List<Integer> begun = new ArrayList<>();
    for (int i = 0; i < KILLS; i++) {
      begun.add(killed(start(other), random));
    }
    assertThat(begun.getFirst()).isZero();
    assertThat(begun.subList(1, KILLS)).allMatch(from -> from > 0);
    assertThat(finished(start(other))).isZero();

    assertThat(other.resolve("model.safetensors"))
        .hasSameBinaryContentAs(whole.resolve("model.safetensors"));
    assertThat(state(other)).isEqualTo(state(whole));
    assertThat(log(other)).isEqualTo(log(whole));
  }

  private static int finished(Process process) throws Exception {
    try (BufferedReader lines = process.inputReader()) {
      while (lines.readLine() != null) {
        // Read to the end, so that the process never waits.
      }
    }
    return process.waitFor();
  }

  /** Everything in the checkpoint but the time it took. */
  private static Map<String, Object> state(Path out) {
    Map<String, Object> state = new HashMap<>();
    try (Safetensors store = Safetensors.open(out.resolve("training/checkpoint.safetensors"))) {
      state.putAll(store.metadata());
      assertThat(state.remove("seconds")).isNotNull();
      assertThat(state).containsEntry("step", Integer.toString(STEPS));
      for (String name : store.names()) {
        byte[] bytes =
            Objects.requireNonNull(store.find(name))
                .data()
                .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
        state.put(name, java.util.HexFormat.of().formatHex(bytes));
      }
    }
    return state;
  }

  private static List<String> log(Path out) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(out.resolve("training/log.jsonl"))) {
      ObjectNode node = (ObjectNode) Json.parse(line.getBytes(StandardCharsets.UTF_8), "log");
      node.remove(List.of("tokens_per_second", "gflop_per_second", "seconds_left"));
      lines.add(node.toString());
    }
    return lines;
  }
}
