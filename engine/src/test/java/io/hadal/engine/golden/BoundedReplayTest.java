package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.model.Model;
import io.hadal.model.Probe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts whose older positions only the encoder takes in (V4.1 spec 4.4). */
class BoundedReplayTest {
  private static final Model MODEL = GoldenModel.V41.load();
  private static final int WINDOW = MODEL.config().attention().window();
  private static final int[] PROMPT = new SplittableRandom(3).ints(WINDOW + 90, 5, 200).toArray();

  @TempDir private Path folder = Path.of("");

  @AfterAll
  static void close() {
    MODEL.close();
  }

  private static Engine engine(boolean replay, int step, Probe probe) {
    EngineOptions options =
        EngineOptions.defaults().withThreads(2).withContext(512).withStepTokens(step);
    return new Engine(MODEL, options.withBoundedReplay(replay), probe);
  }

  private static float[] logits(boolean replay, int[] prompt) {
    try (Engine engine = engine(replay, 64, (layer, name, values, rows, width) -> {});
        Session session = engine.newSession()) {
      return session.append(prompt);
    }
  }

  @Test
  void layersBehindTheEncoderSeeOneWindow() {
    Map<Integer, Integer> tokens = new HashMap<>();
    Probe count =
        (layer, name, values, rows, width) -> {
          if (name.equals("attn_norm")) {
            tokens.merge(layer, rows, Integer::sum);
          }
        };
    try (Engine engine = engine(true, 40, count);
        Session session = engine.newSession()) {
      session.append(PROMPT);
    }
    int encoder = MODEL.config().encoderLayers();
    assertThat(encoder).isBetween(1, MODEL.config().layers().size() - 1);
    for (int i = 0; i < MODEL.config().layers().size(); i++) {
      assertThat(tokens).containsEntry(i, i < encoder ? PROMPT.length : WINDOW);
    }
  }

  @Test
  void shortPromptsAreExact() {
    int[] prompt = Arrays.copyOf(PROMPT, WINDOW);
    assertThat(logits(true, prompt)).containsExactly(logits(false, prompt));
  }

  /** The effect is measured in docs/experiments.md. */
  @Test
  void longPromptsAreCloseNotEqual() {
    float[] full = logits(false, PROMPT);
    float[] replayed = logits(true, PROMPT);
    double error = 0;
    double power = 0;
    for (int i = 0; i < full.length; i++) {
      error += Math.pow(full[i] - replayed[i], 2);
      power += Math.pow(full[i], 2);
    }
    assertThat(Math.sqrt(error / power)).isGreaterThan(1e-6).isLessThan(0.5);
  }

  @Test
  void replayedTimelinesForkCutAndRestore() throws IOException {
    int[] next = {9, 8, 7, 6, 5};
    try (Engine engine = engine(true, 24, (layer, name, values, rows, width) -> {});
        Session session = engine.newSession();
        Session other = engine.newSession()) {
      session.append(PROMPT);
      Path file = folder.resolve("snapshot");
      session.snapshot(file);
      float[][] expected;
      try (Session fork = session.fork()) {
        expected = fork.appendAll(next);
        fork.truncate(PROMPT.length + 2);
        assertThat(fork.appendAll(7, 6, 5)).isDeepEqualTo(Arrays.copyOfRange(expected, 2, 5));
      }
      other.restore(file);
      assertThat(other.appendAll(next)).isDeepEqualTo(expected);
    }
    try (Engine engine = engine(true, 97, (layer, name, values, rows, width) -> {});
        Session session = engine.newSession()) {
      session.append(PROMPT);
      float[] step97 = session.logits();
      assertThat(logits(true, PROMPT)).containsExactly(step97);
    }
  }

  @Test
  void notWithADrafter() {
    EngineOptions drafting = EngineOptions.defaults().withDrafting(true);
    assertThatThrownBy(() -> drafting.withBoundedReplay(true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("drafter");
  }
}
