package io.hadal.engine.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.engine.Engine;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.engine.serving.GenerationEnd;
import io.hadal.engine.serving.GenerationListener;
import io.hadal.engine.serving.GenerationRequest;
import io.hadal.engine.serving.StepObserver;
import io.hadal.engine.serving.StepSize;
import io.hadal.engine.tiny.TinyModels;
import io.hadal.engine.tiny.TinyShape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class LiveCostsTest {
  @RegisterExtension static final TinyModels MODELS = new TinyModels();

  /** A step reads weights for 10 ms; prompt tokens, answers and what is before them take more. */
  private static final ToDoubleFunction<StepSize> MACHINE =
      s ->
          1e7
              + s.promptTokens() * (1e5 + 10 * s.promptContext())
              + s.answers() * (5e5 + 100 * s.answerContext());

  private static final CostTable CALIBRATED =
      table(
          new Grid(
              new int[] {1, 64, 256},
              new int[] {0, 1024},
              new double[][] {{1.01e7, 1.01e7}, {1.64e7, 1.7e7}, {3.56e7, 3.8e7}}),
          new Grid(
              new int[] {1, 4, 16},
              new int[] {0, 1024},
              new double[][] {{1.05e7, 1.06e7}, {1.2e7, 1.24e7}, {1.8e7, 1.95e7}}));

  @TempDir private Path folder = Path.of("");
  private final AtomicLong now = new AtomicLong(1_800_000_000_000L);
  private final SplittableRandom random = new SplittableRandom(7);

  private static CostTable table(Grid prefill, Grid decode) {
    return new CostTable(
        "m", "abc", "here", 3, prefill, decode, 1, ServingOverhead.NONE, 256, 0, 0, 0, 0);
  }

  private LiveCosts live(@Nullable CostTable calibrated) {
    return live(calibrated, "abc");
  }

  private LiveCosts live(@Nullable CostTable calibrated, String fingerprint) {
    CostTable like =
        new CostTable(
            "m",
            fingerprint,
            "here",
            0,
            Grid.ONE,
            Grid.ONE,
            1,
            ServingOverhead.NONE,
            256,
            0,
            0,
            0,
            0);
    return new LiveCosts(like, folder, () -> calibrated, () -> Instant.ofEpochMilli(now.get()));
  }

  /** Steps of all kinds on a machine that takes a part of the usual time. */
  private void serve(LiveCosts live, int steps, double part) {
    for (int i = 0; i < steps; i++) {
      int prompt = i % 3 == 0 ? 0 : 1 + random.nextInt(256);
      int answers = i % 3 == 1 ? 0 : 1 + random.nextInt(16);
      StepSize size =
          new StepSize(
              prompt,
              prompt == 0 ? 0 : random.nextInt(2048),
              answers,
              answers == 0 ? 0 : random.nextInt(2048));
      // Now and then the machine does something else.
      double noise = i % 29 == 0 ? 8 : 0.98 + 0.04 * random.nextDouble();
      live.step(size, Math.round(MACHINE.applyAsDouble(size) * part * noise));
    }
    now.addAndGet(1000);
    live.fit();
  }

  private static double distance(@Nullable CostTable costs, double part, StepSize size) {
    return Objects.requireNonNull(costs, "nothing was learnt").nanos(size)
            / (MACHINE.applyAsDouble(size) * part)
        - 1;
  }

  private static void assertKnows(@Nullable CostTable costs, double part, double error) {
    for (StepSize size :
        List.of(
            new StepSize(200, 1500, 0, 0),
            new StepSize(40, 100, 0, 0),
            new StepSize(0, 0, 12, 1800),
            new StepSize(0, 0, 2, 300),
            new StepSize(120, 700, 8, 900))) {
      assertThat(distance(costs, part, size)).as(size.toString()).isCloseTo(0, within(error));
    }
  }

  private static JsonNode error(LiveCosts live, String kind, String of) {
    for (JsonNode one : live.json().path("errors")) {
      if (one.path("kind").asString().equals(kind)) {
        return one.path(of);
      }
    }
    throw new AssertionError(kind);
  }

  @Test
  void costsFollowTheMachine() {
    LiveCosts live = live(CALIBRATED);
    serve(live, LiveCosts.LEAST_STEPS - 1, 1);
    assertThat(live.table()).isNull();
    assertThat(live.isBetter()).isFalse();
    // Now it is half as fast as when it was calibrated.
    serve(live, 3000, 2);
    assertKnows(live.table(), 2, 0.06);
    serve(live, 1500, 2);
    assertThat(error(live, "answers", "calibrated").path("ratio").asDouble())
        .isCloseTo(2, within(0.2));
    assertThat(error(live, "all", "calibrated").path("median").asDouble()).isGreaterThan(0.7);
    assertThat(error(live, "all", "live").path("median").asDouble()).isLessThan(0.05);
    // One step of 29 was disturbed: nine of ten are near, and the others are not hidden.
    assertThat(error(live, "all", "live").path("p95").asDouble()).isLessThan(0.2);
    assertThat(error(live, "mixed", "live").path("steps").asInt()).isEqualTo(500);
    assertThat(live.isBetter()).isTrue();
    // And fast again: what is new counts.
    serve(live, 6000, 0.5);
    assertKnows(live.table(), 0.5, 0.1);
    // Sizes that nobody has asked for go with what is known: a line through the last two points, so
    // that their errors count four times. The calibration alone is off by 1.
    assertThat(distance(live.table(), 0.5, new StepSize(0, 0, 60, 1000))).isCloseTo(0, within(0.5));
  }

  @Test
  void aCalibrationIsNotNeeded() {
    LiveCosts live = live(null);
    serve(live, 4000, 1);
    assertKnows(live.table(), 1, 0.06);
    assertThat(live.isBetter()).isTrue();
    assertThat(error(live, "all", "calibrated").isNull()).isTrue();
    assertThat(live.json().at("/costs/residual").asDouble()).isBetween(0.001, 0.05);
    LiveCosts answersOnly = live(null);
    for (int i = 0; i < 500; i++) {
      answersOnly.step(new StepSize(0, 0, 1 + i % 8, 100), 1_000_000 + i);
    }
    answersOnly.fit();
    assertThat(answersOnly.table()).isNull();
  }

  @Test
  void aCalibrationOfOtherWeightsIsNone() {
    LiveCosts live = live(CALIBRATED, "fff");
    serve(live, 400, 1);
    assertThat(error(live, "all", "calibrated").isNull()).isTrue();
  }

  @Test
  void whatWasLearntOutlivesTheProcess() throws Exception {
    LiveCosts first = live(null);
    serve(first, 2000, 1);
    first.ended();
    List<Path> files;
    try (var list = Files.list(folder)) {
      files = list.toList();
    }
    assertThat(files).hasSize(1);
    Path file = files.getFirst();
    assertThat(file.getFileName().toString()).startsWith("live-costs-abc-").endsWith(".json");
    // A plan takes the file as it is.
    assertKnows(CostTable.read(file), 1, 0.06);
    LiveCosts second = live(null);
    assertKnows(second.table(), 1, 0.06);
    assertThat(second.json().path("steps").asLong()).isEqualTo(2000);
    assertThat(live(null, "abd").table()).isNull();
    String text = Files.readString(file);
    for (String bad :
        List.of(
            "",
            "{}",
            text.replaceFirst("\"samples\":\\[\\[", "\"samples\":[[-"),
            text.replaceFirst("\"samples\":\\[", "\"samples\":[7,[],[1,2],{},"),
            text.replace("\"since\":\"", "\"since\":\"x"))) {
      Files.writeString(file, bad);
      LiveCosts other = live(null);
      serve(other, 400, 1);
      assertKnows(other.table(), 1, 0.2);
    }
  }

  @Test
  void aDispatcherTellsOfItsSteps() throws Exception {
    List<StepSize> sizes = new ArrayList<>();
    AtomicBoolean ended = new AtomicBoolean();
    AtomicLong nanos = new AtomicLong();
    CountDownLatch all = new CountDownLatch(3);
    long start = System.nanoTime();
    try (Engine engine =
            new Engine(
                MODELS.load(TinyShape.FIVE_HEADS),
                TinyModels.options().withThreads(1).withStepTokens(32));
        Dispatcher dispatcher =
            new Dispatcher(
                engine,
                DispatcherOptions.defaults().withPrefixMemory(0, 512).withSpeculation(false))) {
      dispatcher.observe(
          new StepObserver() {
            @Override
            public void step(StepSize size, long took) {
              sizes.add(size);
              nanos.addAndGet(took);
            }

            @Override
            public void ended() {
              ended.set(true);
            }
          });
      for (int i = 0; i < 3; i++) {
        dispatcher.submit(
            GenerationRequest.of(TinyShape.FIVE_HEADS.tokens(i, 50), 6, "t"),
            new GenerationListener() {
              @Override
              public void onToken(int c, int id, double logprob, List<TokenLogprob> top) {}

              @Override
              public void onEnd(int choice, GenerationEnd end) {
                all.countDown();
              }

              @Override
              public void onError(RuntimeException cause) {
                throw cause;
              }
            });
      }
      all.await();
    }
    assertThat(ended).isTrue();
    assertThat(nanos.get()).isBetween(1L, System.nanoTime() - start);
    // The last token of a prompt can come as an answer's would: nobody waits for more of it.
    int prompts = sizes.stream().mapToInt(StepSize::promptTokens).sum();
    int answers = sizes.stream().mapToInt(StepSize::answers).sum();
    assertThat(prompts + answers).isEqualTo(3 * (50 + 5));
    assertThat(prompts).isBetween(3 * 49, 3 * 50);
    assertThat(sizes.getFirst()).isEqualTo(new StepSize(32, 0, 0, 0));
    assertThat(sizes).allMatch(s -> s.answers() == 0 || s.answerContext() >= 49);
    assertThat(sizes).anyMatch(s -> s.promptTokens() > 0 && s.promptContext() > 0);
  }
}
