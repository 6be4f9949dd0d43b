package io.hadal.engine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.engine.Work;
import io.hadal.engine.serving.GenerationEnd.Reason;
import io.hadal.engine.tiny.TinyModels;
import io.hadal.engine.tiny.TinyShape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What runs together changes no token. */
class ContinuousBatchingTest {
  @RegisterExtension static final TinyModels MODELS = new TinyModels();

  private static DispatcherOptions options(int running) {
    return DispatcherOptions.defaults()
        .withLimits(running, 1024, 1024)
        .withTokenTarget(Duration.ofMillis(2));
  }

  private static EngineOptions engine() {
    return TinyModels.options().withThreads(1).withStepTokens(24);
  }

  /** Requests of all kinds. */
  private static List<GenerationRequest> mixed(TinyShape shape, int count) {
    SplittableRandom random = new SplittableRandom(5);
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prompt = shape.tokens(i, 1 + random.nextInt(i % 8 == 4 ? 150 : 30));
      SamplingOptions sampling =
          switch (i % 5) {
            case 0 -> SamplingOptions.greedy();
            case 1 -> new SamplingOptions(0.8, 0.9, 0, i);
            case 2 -> new SamplingOptions(1.3, 1, 12, i);
            case 3 -> new SamplingOptions(1, 1, 0, 0.02, 1.2, 0.5, 0.3, Map.of(3, 2f), i);
            default -> new SamplingOptions(2, 0.99, 0, i);
          };
      requests.add(
          GenerationRequest.of(prompt, 1 + random.nextInt(16), "tenant" + i % 3).toBuilder()
              .sampling(sampling)
              .stopIds(i % 6 == 0 ? Set.of(1, 2, 3, 4, 5) : Set.of())
              .topLogprobs(i % 7 == 0 ? 3 : -1)
              .priority(PriorityClass.values()[i % 4])
              .choices(i % 8 == 0 ? 3 : 1)
              .build());
    }
    return requests;
  }

  private static List<Recording> oneByOne(Engine engine, List<GenerationRequest> requests)
      throws Exception {
    List<Recording> all = new ArrayList<>();
    try (Dispatcher dispatcher = new Dispatcher(engine, options(1))) {
      for (GenerationRequest request : requests) {
        all.add(Recording.of(dispatcher, request));
      }
    }
    return all;
  }

  private static void same(Recording actual, Recording expected) {
    assertThat(actual.tokens).isEqualTo(expected.tokens);
    assertThat(actual.logprobs).isEqualTo(expected.logprobs);
    assertThat(actual.tops).containsExactlyInAnyOrderElementsOf(expected.tops);
    expected.ends.forEach(
        (choice, end) -> {
          GenerationEnd own = Objects.requireNonNull(actual.ends.get(choice));
          assertThat(own.reason()).isEqualTo(end.reason());
          assertThat(own.stopId()).isEqualTo(end.stopId());
          assertThat(own.generatedTokens()).isEqualTo(end.generatedTokens());
        });
  }

  /** Answers that repeat themselves, with and without guesses at that. */
  @Test
  void guessesChangeNoToken() throws Exception {
    TinyShape shape = TinyShape.FIVE_HEADS;
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      // Few tokens are likely, so that runs of them come again.
      SamplingOptions few =
          new SamplingOptions(i % 3, 1, 0, 0, 1, 0, i % 4 == 3 ? 0.2 : 0, bias(2 + i % 3), i);
      requests.add(
          GenerationRequest.of(shape.tokens(i, 5 + i), 40 + i, "t").toBuilder()
              .sampling(few)
              .stopIds(i == 5 ? Set.of(9) : Set.of())
              .topLogprobs(i % 5 == 0 ? 2 : -1)
              .choices(i == 7 ? 2 : 1)
              .build());
    }
    try (Engine engine = new Engine(MODELS.load(shape), engine())) {
      List<Recording> expected = new ArrayList<>();
      try (Dispatcher plain = new Dispatcher(engine, options(1).withSpeculation(false))) {
        for (GenerationRequest request : requests) {
          expected.add(Recording.of(plain, request));
        }
        assertThat(plain.stats().draftedTokens()).isZero();
      }
      try (Dispatcher dispatcher = new Dispatcher(engine, options(9))) {
        List<Recording> actual = new ArrayList<>();
        for (GenerationRequest request : requests) {
          actual.add(Recording.submit(dispatcher, request));
        }
        for (int i = 0; i < actual.size(); i++) {
          same(actual.get(i).await(), expected.get(i));
        }
        DispatcherStats stats = dispatcher.stats();
        assertThat(stats.acceptedTokens()).as("of " + stats.draftedTokens()).isPositive();
        assertThat(stats.generatedTokens())
            .isEqualTo(
                expected.stream()
                    .flatMap(r -> r.ends.values().stream())
                    .mapToLong(GenerationEnd::generatedTokens)
                    .sum());
      }
      assertThat(engine.store().usedBytes()).isZero();
    }
  }

  /** Whatever holds of the most guesses that a step takes, the rest can be taken back. */
  @ParameterizedTest
  @EnumSource
  void guessesCanAlwaysBeTakenBack(TinyShape shape) {
    SplittableRandom random = new SplittableRandom(11);
    int[] text = shape.tokens(1, 400);
    try (Engine engine = new Engine(MODELS.load(shape), TinyModels.options());
        Session guessing = engine.newSession();
        Session plain = engine.newSession()) {
      int most = engine.mostGuesses();
      guessing.append(text[0]);
      while (guessing.length() + 1 + most < text.length) {
        int at = guessing.length();
        int count = random.nextInt(3) == 0 ? most : random.nextInt(most + 1);
        int right = random.nextInt(count + 1);
        int[] guesses = Arrays.copyOfRange(text, at + 1, at + 1 + count);
        for (int i = right; i < count; i++) {
          guesses[i] = (guesses[i] + 1) % 8;
        }
        Work work = Work.guess(guessing, text[at], guesses);
        engine.run(List.of(work));
        guessing.reject(count - right, work.logits()[right]);
        assertThat(guessing.length()).isEqualTo(at + 1 + right);
      }
      float[] expected = plain.append(Arrays.copyOf(text, guessing.length()));
      assertThat(guessing.logits()).isEqualTo(expected);
      assertThatThrownBy(() -> Work.guess(plain, 1, new int[most + 1]))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static Map<Integer, Float> bias(int count) {
    Map<Integer, Float> bias = new TreeMap<>();
    for (int id = 0; id < count; id++) {
      bias.put(7 + id, 100f);
    }
    return bias;
  }

  @ParameterizedTest
  @EnumSource(names = {"FIVE_HEADS", "THREE_HEADS"})
  void manyTogetherGiveWhatEachGivesAlone(TinyShape shape) throws Exception {
    List<GenerationRequest> requests = mixed(shape, 32);
    try (Engine engine = new Engine(MODELS.load(shape), engine())) {
      List<Recording> expected = oneByOne(engine, requests);
      try (Dispatcher dispatcher = new Dispatcher(engine, options(20))) {
        List<Recording> actual = new ArrayList<>();
        List<Cancelling> cancelled = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
          actual.add(Recording.submit(dispatcher, requests.get(i)));
          if (i % 4 == 1 && expected.get(i).answer().size() > 2) {
            Cancelling c = new Cancelling(i, 1 + i % 2);
            c.handle.complete(dispatcher.submit(requests.get(i), c.recording(c)));
            cancelled.add(c);
          }
        }
        for (int i = 0; i < actual.size(); i++) {
          same(actual.get(i).await(), expected.get(i));
        }
        assertThat(cancelled).hasSizeGreaterThan(3);
        for (Cancelling c : cancelled) {
          Recording r = c.recording.await();
          assertThat(r.end().reason()).isEqualTo(Reason.CANCELLED);
          assertThat(r.answer()).isEqualTo(expected.get(c.index).answer().subList(0, c.after));
          assertThat(r.end().generatedTokens()).isEqualTo(c.after);
        }
        assertThat(dispatcher.stats().steps()).isPositive();
        assertThat(dispatcher.stats().running()).isZero();
      }
      assertThat(engine.store().usedBytes()).isZero();
    }
  }

  /** Cancels its request out of the listener, at a token. */
  private static final class Cancelling {
    final int index;
    final int after;
    final Recording recording;
    final CompletableFuture<GenerationHandle> handle = new CompletableFuture<>();

    Cancelling(int index, int after) {
      this.index = index;
      this.after = after;
      this.recording = new Recording(1);
    }

    GenerationListener recording(Cancelling c) {
      return new GenerationListener() {
        @Override
        public void onToken(int choice, int id, double logprob, List<TokenLogprob> top) {
          c.recording.onToken(choice, id, logprob, top);
          if (c.recording.answer().size() == c.after) {
            c.handle.join().cancel();
          }
        }

        @Override
        public void onEnd(int choice, GenerationEnd end) {
          c.recording.onEnd(choice, end);
        }

        @Override
        public void onError(RuntimeException cause) {
          c.recording.onError(cause);
        }
      };
    }
  }

  @Test
  void aFullCacheSetsRequestsBackAndLosesNothing() throws Exception {
    TinyShape shape = TinyShape.FIVE_HEADS;
    List<GenerationRequest> requests = mixed(shape, 12);
    List<Recording> expected;
    long one;
    try (Engine engine = new Engine(MODELS.load(shape), engine())) {
      expected = oneByOne(engine, requests);
      try (Session session = engine.newSession()) {
        session.append(shape.tokens(1, 180));
        one = engine.store().usedBytes();
      }
    }
    try (Engine engine =
            new Engine(MODELS.load(shape), engine().withCacheBytes(2 * one + one / 2));
        Dispatcher dispatcher = new Dispatcher(engine, options(12))) {
      List<Recording> actual = new ArrayList<>();
      for (GenerationRequest request : requests) {
        actual.add(Recording.submit(dispatcher, request));
      }
      for (int i = 0; i < actual.size(); i++) {
        same(actual.get(i).await(), expected.get(i));
      }
    }
  }

  @Test
  void aRequestThatNeverFitsFailsAlone() throws Exception {
    TinyShape shape = TinyShape.FIVE_HEADS;
    long one;
    try (Engine engine = new Engine(MODELS.load(shape), engine());
        Session session = engine.newSession()) {
      session.append(shape.tokens(1, 150));
      one = engine.store().usedBytes();
    }
    try (Engine engine = new Engine(MODELS.load(shape), engine().withCacheBytes(one));
        Dispatcher dispatcher = new Dispatcher(engine, options(4))) {
      Recording large =
          Recording.submit(dispatcher, GenerationRequest.of(shape.tokens(1, 400), 2, "a"));
      Recording small =
          Recording.submit(dispatcher, GenerationRequest.of(shape.tokens(1, 30), 2, "b"));
      assertThat(large.failure()).hasMessageContaining("cache is full");
      assertThat(small.await().end().generatedTokens()).isEqualTo(2);
    }
  }
}
