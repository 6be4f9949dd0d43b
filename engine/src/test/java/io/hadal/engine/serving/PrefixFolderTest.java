package io.hadal.engine.serving;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.engine.tiny.TinyModels;
import io.hadal.engine.tiny.TinyShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** States outlive the process, and damaged ones are noticed. */
class PrefixFolderTest {
  @RegisterExtension static final TinyModels MODELS = new TinyModels();

  private static final TinyShape SHAPE = TinyShape.FIVE_HEADS;
  private static final int[] PROMPT = SHAPE.tokens(1, 50);
  private static final long MUCH = 1L << 30;

  @TempDir private Path folder = Path.of("");
  private final Engine engine = new Engine(MODELS.load(SHAPE), options());

  private static EngineOptions options() {
    return TinyModels.options().withThreads(1).withStepTokens(24);
  }

  @AfterEach
  void close() {
    assertThat(engine.store().usedBytes()).isZero();
    engine.close();
  }

  private static Dispatcher dispatcher(Engine engine, Path folder, long memory, long disk) {
    return new Dispatcher(
        engine,
        DispatcherOptions.defaults().withPrefixMemory(memory, 64).withPrefixFolder(folder, disk));
  }

  private Dispatcher dispatcher() {
    return dispatcher(engine, folder, MUCH, MUCH);
  }

  private static GenerationRequest request(int[] prompt, @Nullable String key) {
    return GenerationRequest.of(prompt, 5, "a").toBuilder()
        .cacheKey(key)
        .sampling(new SamplingOptions(1, 1, 0, 3))
        .topLogprobs(2)
        .build();
  }

  /** Tokens of the cache for a prompt, whose answer is checked. */
  private static int cached(Dispatcher dispatcher, int[] prompt, String key) throws Exception {
    Recording cached = Recording.of(dispatcher, request(prompt, key));
    Recording plain = Recording.of(dispatcher, request(prompt, null));
    assertThat(cached.tokens).isEqualTo(plain.tokens);
    assertThat(cached.logprobs).isEqualTo(plain.logprobs);
    assertThat(cached.cached).isEqualTo(cached.end().cachedTokens());
    return cached.end().cachedTokens();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.sorted().toList();
    }
  }

  private static int[] longer(int[] prompt) {
    return Arrays.copyOf(prompt, prompt.length + 3);
  }

  @Test
  void statesSurviveARestart() throws Exception {
    try (Dispatcher first = dispatcher()) {
      assertThat(cached(first, PROMPT, "k")).isZero();
    }
    assertThat(files()).hasSize(2).allMatch(f -> f.toString().endsWith(".prefix"));
    try (Dispatcher second = dispatcher()) {
      assertThat(second.stats().prefixDiskBytes()).isPositive();
      assertThat(second.stats().prefixMemoryBytes()).isZero();
      assertThat(cached(second, longer(PROMPT), "other")).isZero();
      assertThat(cached(second, longer(PROMPT), "k")).isEqualTo(PROMPT.length);
      assertThat(cached(second, PROMPT, "k")).isEqualTo(PROMPT.length);
    }
  }

  @Test
  void statesAreWrittenWhenNothingIsToDo() throws Exception {
    try (Dispatcher running = dispatcher()) {
      cached(running, PROMPT, "k");
      long end = System.nanoTime() + 60_000_000_000L;
      while (files().stream().filter(f -> f.toString().endsWith(".prefix")).count() < 2) {
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.sleep(20);
      }
      // As after a kill: another process finds the files, and what was being written.
      Files.write(folder.resolve("0123.prefix.part"), new byte[100]);
      try (Engine other = new Engine(MODELS.load(SHAPE), options());
          Dispatcher next = dispatcher(other, folder, MUCH, MUCH)) {
        assertThat(files()).hasSize(2);
        assertThat(cached(next, longer(PROMPT), "k")).isEqualTo(PROMPT.length);
      }
    }
  }

  @Test
  void damagedFilesAreDropped() throws Exception {
    try (Dispatcher first = dispatcher()) {
      cached(first, PROMPT, "k");
    }
    // The state behind the prompt; its header has the number of tokens at byte 72.
    Path file =
        files().stream().filter(f -> bytes(f)[75] == PROMPT.length).findFirst().orElseThrow();
    byte[] sound = bytes(file);
    int header = 8 + 64 + 4 + 200 + 8;
    for (int at : new int[] {3, 50, 80, header + 2, sound.length / 2, sound.length - 1, -1, -2}) {
      byte[] bad = at < 0 ? Arrays.copyOf(sound, at == -1 ? 60 : sound.length - 9) : sound.clone();
      if (at >= 0) {
        bad[at] ^= 4;
      }
      files().forEach(PrefixFolder::delete);
      Files.write(file, bad);
      try (Dispatcher next = dispatcher()) {
        Recording r = Recording.of(next, request(longer(PROMPT), "k"));
        assertThat(r.end().cachedTokens()).as("byte %d", at).isZero();
        assertThat(file).doesNotExist();
      }
    }
    files().forEach(PrefixFolder::delete);
    Files.write(file, sound);
    try (Dispatcher next = dispatcher()) {
      assertThat(cached(next, longer(PROMPT), "k")).isEqualTo(PROMPT.length);
    }
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void otherModelsFilesAreLeftAlone() throws Exception {
    int[] prompt = Arrays.stream(PROMPT).map(id -> id % 50).toArray();
    try (Dispatcher first = dispatcher()) {
      cached(first, prompt, "k");
    }
    List<Path> before = files();
    try (Engine other = new Engine(MODELS.load(TinyShape.PLAIN), options());
        Dispatcher second = dispatcher(other, folder, MUCH, MUCH)) {
      assertThat(Recording.of(second, request(prompt, "k")).end().cachedTokens()).isZero();
      assertThat(files()).containsAll(before);
    }
  }

  @Test
  void whatLeavesMemoryComesBackFromDiskWithinItsBudget() throws Exception {
    long one;
    try (Session session = engine.newSession()) {
      session.append(PROMPT);
      one = engine.store().usedBytes();
    }
    long disk = 6 * one;
    try (Dispatcher dispatcher = dispatcher(engine, folder, 3 * one, disk)) {
      for (int i = 1; i <= 8; i++) {
        Recording.of(dispatcher, request(SHAPE.tokens(i, 50), "k"));
        assertThat(dispatcher.stats().prefixMemoryBytes()).isLessThanOrEqualTo(3 * one);
        assertThat(dispatcher.stats().prefixDiskBytes()).isLessThanOrEqualTo(disk);
      }
      assertThat(cached(dispatcher, longer(SHAPE.tokens(1, 50)), "k")).isZero();
      assertThat(cached(dispatcher, longer(SHAPE.tokens(6, 50)), "k")).isEqualTo(50);
    }
    long bytes = 0;
    for (Path file : files()) {
      bytes += Files.size(file);
    }
    assertThat(bytes).isPositive().isLessThanOrEqualTo(disk);
  }
}
