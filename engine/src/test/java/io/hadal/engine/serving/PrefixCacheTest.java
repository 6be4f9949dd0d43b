package io.hadal.engine.serving;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.engine.tiny.TinyModels;
import io.hadal.engine.tiny.TinyShape;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Later requests begin with the states of earlier ones and give the same bits. */
class PrefixCacheTest {
  @RegisterExtension static final TinyModels MODELS = new TinyModels();

  private static final TinyShape SHAPE = TinyShape.FIVE_HEADS;
  private static final int INTERVAL = 64;

  private final Engine engine =
      new Engine(MODELS.load(SHAPE), TinyModels.options().withThreads(1).withStepTokens(24));

  @AfterEach
  void close() {
    assertThat(engine.store().usedBytes()).isZero();
    engine.close();
  }

  private Dispatcher dispatcher(long bytes) {
    return new Dispatcher(engine, DispatcherOptions.defaults().withPrefixMemory(bytes, INTERVAL));
  }

  private Dispatcher dispatcher() {
    return dispatcher(64L << 20);
  }

  private static GenerationRequest request(int[] prompt, @Nullable String key) {
    return GenerationRequest.of(prompt, 12, "a").toBuilder()
        .cacheKey(key)
        .sampling(new SamplingOptions(1, 0.95, 0, 3))
        .topLogprobs(4)
        .build();
  }

  private static int[] join(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(IntStream::of).toArray();
  }

  private static int[] ints(List<Integer> tokens) {
    return tokens.stream().mapToInt(i -> i).toArray();
  }

  /** Runs a request and the same without a cache. */
  private Recording check(Dispatcher dispatcher, int[] prompt, String key) throws Exception {
    Recording cached = Recording.of(dispatcher, request(prompt, key));
    Recording plain = Recording.of(dispatcher, request(prompt, null));
    assertThat(plain.end().cachedTokens()).isZero();
    assertThat(cached.tokens).isEqualTo(plain.tokens);
    assertThat(cached.logprobs).isEqualTo(plain.logprobs);
    assertThat(cached.tops).isEqualTo(plain.tops);
    assertThat(cached.cached).isEqualTo(cached.end().cachedTokens());
    return cached;
  }

  @Test
  void aSecondTurnComputesWhatIsNew() throws Exception {
    int[] first = SHAPE.tokens(1, 150);
    int[] more = SHAPE.tokens(2, 9);
    try (Dispatcher dispatcher = dispatcher()) {
      Recording one = check(dispatcher, first, "k");
      assertThat(one.end().cachedTokens()).isZero();
      int[] second = join(first, ints(one.answer()), more);
      Recording two = check(dispatcher, second, "k");
      int computed = second.length - two.end().cachedTokens();
      assertThat(computed).isEqualTo(more.length + 1);
      // The reasoning is left out of the next prompt: the state behind the first prompt is there.
      Recording other = check(dispatcher, join(first, more), "k");
      assertThat(other.end().cachedTokens()).isEqualTo(first.length);
      DispatcherStats stats = dispatcher.stats();
      assertThat(stats.cachedTokens())
          .isEqualTo(two.end().cachedTokens() + other.end().cachedTokens());
      assertThat(stats.prefixHits()).isEqualTo(2);
      assertThat(stats.prefixMisses()).isEqualTo(1);
      assertThat(stats.prefixMemoryBytes()).isPositive();
    }
  }

  @Test
  void keysNeverMeet() throws Exception {
    int[] prompt = SHAPE.tokens(1, 60);
    try (Dispatcher dispatcher = dispatcher()) {
      check(dispatcher, prompt, "a");
      assertThat(check(dispatcher, prompt, "b").end().cachedTokens()).isZero();
      assertThat(check(dispatcher, prompt, "a").end().cachedTokens()).isEqualTo(prompt.length);
    }
  }

  @Test
  void statesLieAtIntervalsAndWherePromptsPart() throws Exception {
    int[] shared = SHAPE.tokens(1, INTERVAL + 30);
    try (Dispatcher dispatcher = dispatcher()) {
      check(dispatcher, join(shared, SHAPE.tokens(2, 70)), "k");
      Recording second = check(dispatcher, join(shared, SHAPE.tokens(3, 70)), "k");
      assertThat(second.end().cachedTokens()).isEqualTo(INTERVAL);
      Recording third = check(dispatcher, join(shared, SHAPE.tokens(4, 70)), "k");
      assertThat(third.end().cachedTokens()).isEqualTo(shared.length);
    }
  }

  @Test
  void aStateJustBehindIsCutBack() throws Exception {
    int[] prompt = SHAPE.tokens(1, 70);
    try (Dispatcher dispatcher = dispatcher()) {
      check(dispatcher, prompt, "k");
      // The last tokens of the prompt are other ones, as when text is split differently.
      int[] other = prompt.clone();
      other[68] = (other[68] + 1) % 97;
      assertThat(check(dispatcher, other, "k").end().cachedTokens()).isEqualTo(68);
      int[] shorter = Arrays.copyOf(prompt, 66);
      assertThat(check(dispatcher, shorter, "k").end().cachedTokens()).isEqualTo(65);
    }
  }

  @Test
  void allChoicesBeginWithThePromptOnce() throws Exception {
    int[] prompt = SHAPE.tokens(1, 40);
    try (Dispatcher dispatcher = dispatcher()) {
      GenerationRequest three = request(prompt, "k").toBuilder().choices(3).build();
      Recording first = Recording.of(dispatcher, three);
      Recording again = Recording.of(dispatcher, three);
      assertThat(again.tokens).isEqualTo(first.tokens);
      assertThat(again.ends.values())
          .allSatisfy(end -> assertThat(end.cachedTokens()).isEqualTo(prompt.length));
    }
  }

  private static GenerationRequest limited(int[] prompt, String tenant, PrefixLimits limits) {
    return GenerationRequest.of(prompt, 2, tenant).toBuilder().prefixLimits(limits).build();
  }

  private static void awaitBytes(Dispatcher dispatcher, long bytes) throws InterruptedException {
    for (int i = 0; dispatcher.stats().prefixMemoryBytes() != bytes; i++) {
      assertThat(i).as("tries").isLessThan(500);
      Thread.sleep(10);
    }
  }

  @Test
  void aTenantKeepsWithinItsQuotaOverAllItsKeys() throws Exception {
    try (Dispatcher dispatcher = dispatcher()) {
      Recording.of(dispatcher, GenerationRequest.of(SHAPE.tokens(9, 30), 2, "others"));
      long others = dispatcher.stats().prefixMemoryBytes();
      PrefixLimits limits = new PrefixLimits(2 * others, Duration.ZERO);
      for (int i = 0; i < 6; i++) {
        GenerationRequest one = limited(SHAPE.tokens(i, 30), "a", limits);
        Recording.of(dispatcher, one.toBuilder().cacheKey("a/" + i % 2).build());
        assertThat(dispatcher.stats().prefixMemoryBytes()).isBetween(others + 1, 3 * others);
      }
      GenerationRequest last = limited(SHAPE.tokens(5, 30), "a", limits);
      Recording again = Recording.of(dispatcher, last.toBuilder().cacheKey("a/1").build());
      assertThat(again.end().cachedTokens()).isEqualTo(30);
      Recording other =
          Recording.of(dispatcher, GenerationRequest.of(SHAPE.tokens(9, 30), 2, "others"));
      assertThat(other.end().cachedTokens()).as("of others nothing goes").isEqualTo(30);
      PrefixLimits tight = new PrefixLimits(1, Duration.ZERO);
      Recording.of(dispatcher, limited(SHAPE.tokens(7, 30), "a", tight));
      GenerationRequest gone = last.toBuilder().cacheKey("a/1").prefixLimits(tight).build();
      assertThat(Recording.of(dispatcher, gone).end().cachedTokens()).isZero();
    }
  }

  @Test
  void whatNobodyUsesIsForgottenInMemoryAndOnDisk(@TempDir Path folder) throws Exception {
    PrefixLimits limits = new PrefixLimits(0, Duration.ofMillis(1500));
    DispatcherOptions options =
        DispatcherOptions.defaults()
            .withPrefixMemory(64L << 20, INTERVAL)
            .withPrefixFolder(folder, 64L << 20);
    try (Dispatcher dispatcher = new Dispatcher(engine, options)) {
      Recording.of(dispatcher, GenerationRequest.of(SHAPE.tokens(9, 30), 2, "others"));
      long others = dispatcher.stats().prefixMemoryBytes();
      Recording.of(dispatcher, limited(SHAPE.tokens(1, 30), "a", limits));
      assertThat(dispatcher.stats().prefixMemoryBytes()).isGreaterThan(others);
      // Without a request, and after it has gone to the disk.
      awaitBytes(dispatcher, others);
      for (int i = 0; i < 100 && dispatcher.stats().prefixDiskBytes() == 0; i++) {
        Thread.sleep(10);
      }
    }
    // What is left is that of the others.
    try (Dispatcher dispatcher = new Dispatcher(engine, options)) {
      Recording own = Recording.of(dispatcher, limited(SHAPE.tokens(1, 30), "a", limits));
      assertThat(own.end().cachedTokens()).isZero();
      Recording kept =
          Recording.of(dispatcher, GenerationRequest.of(SHAPE.tokens(9, 30), 2, "others"));
      assertThat(kept.end().cachedTokens()).isPositive();
    }
  }

  @Test
  void theBudgetHoldsAndTheOldestGoesFirst() throws Exception {
    long one;
    try (Session session = engine.newSession()) {
      session.append(SHAPE.tokens(1, 42));
      one = engine.store().usedBytes();
    }
    // Two states of a request and their logits, but not those of many.
    long budget = 5 * (one + 4096);
    try (Dispatcher dispatcher = dispatcher(budget)) {
      for (int i = 0; i < 6; i++) {
        Recording.of(dispatcher, request(SHAPE.tokens(i, 30), "k"));
        Recording.of(dispatcher, request(SHAPE.tokens(0, 30), "k"));
        assertThat(dispatcher.stats().prefixMemoryBytes()).isPositive().isLessThanOrEqualTo(budget);
      }
      assertThat(check(dispatcher, SHAPE.tokens(0, 30), "k").end().cachedTokens()).isEqualTo(30);
      assertThat(check(dispatcher, SHAPE.tokens(1, 30), "k").end().cachedTokens()).isZero();
    }
    try (Dispatcher dispatcher = dispatcher(one / 2)) {
      check(dispatcher, SHAPE.tokens(0, 30), "k");
      assertThat(dispatcher.stats().prefixMemoryBytes()).isZero();
    }
    try (Dispatcher dispatcher = dispatcher(0)) {
      check(dispatcher, SHAPE.tokens(0, 30), "k");
      assertThat(check(dispatcher, SHAPE.tokens(0, 30), "k").end().cachedTokens()).isZero();
    }
  }

  @Test
  void retainedStatesMakeRoomForRunningOnes() throws Exception {
    int[] prompt = SHAPE.tokens(9, 300);
    long one;
    try (Session session = engine.newSession()) {
      session.append(prompt);
      one = engine.store().usedBytes();
    }
    try (Engine small =
            new Engine(
                MODELS.load(SHAPE),
                TinyModels.options()
                    .withThreads(1)
                    .withStepTokens(24)
                    .withCacheBytes(one * 3 / 2));
        Dispatcher dispatcher =
            new Dispatcher(small, DispatcherOptions.defaults().withPrefixMemory(1 << 30, 32))) {
      for (int i = 0; i < 4; i++) {
        Recording.of(dispatcher, request(SHAPE.tokens(i, 100), "k"));
      }
      Recording large = Recording.of(dispatcher, request(prompt, "k"));
      assertThat(large.end().generatedTokens()).isEqualTo(12);
    }
  }
}
