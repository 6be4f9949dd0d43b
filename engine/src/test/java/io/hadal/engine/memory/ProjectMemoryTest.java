package io.hadal.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.engine.Sampler;
import io.hadal.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProjectMemoryTest {
  @TempDir private Path folder = Path.of("");
  private ProjectMemory memory = load();

  private static Tokenizer tokenizer() {
    try (InputStream in =
        Objects.requireNonNull(
            ProjectMemoryTest.class.getResourceAsStream("/golden/e/tokenizer.json"))) {
      return Tokenizer.fromJson(in.readAllBytes(), "tokenizer.json");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static ProjectMemory load() {
    return new ProjectMemory(tokenizer(), MemoryWeights.standard());
  }

  @BeforeEach
  void fresh() {
    memory = load();
  }

  private int[] letters() {
    int[] ids =
        java.util.stream.IntStream.range(0, tokenizer().vocabSize())
            .filter(id -> !memory.mark(id))
            .toArray();
    assertThat(ids.length).isGreaterThan(50);
    return ids;
  }

  private float[] logits(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] logits = new float[tokenizer().vocabSize()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (4 * random.nextDouble());
    }
    return logits;
  }

  private int[] text(int length, int kinds, long seed) {
    int[] letters = letters();
    SplittableRandom random = new SplittableRandom(seed);
    return random.ints(length, 0, kinds).map(i -> letters[i]).toArray();
  }

  private static double probability(float[] logits, int id) {
    return Math.exp(Sampler.logProbability(logits, id));
  }

  @Test
  void whatWasWrittenBeforeIsExpectedAgain() {
    int[] phrase = text(30, 50, 1);
    for (boolean project : new boolean[] {false, true}) {
      memory = load();
      OpenText text;
      if (project) {
        memory.learn(phrase);
        text = memory.open();
      } else {
        text = memory.open();
        text.accept(phrase);
      }
      text.accept(Arrays.copyOf(phrase, 20));
      float[] model = logits(2);
      double before = probability(model, phrase[20]);
      double after = probability(text.mix(model), phrase[20]);
      assertThat(before).isLessThan(0.05);
      assertThat(after).as("project %s", project).isGreaterThan(0.3);
    }
  }

  @Test
  void mixturesAreDistributionsAndLeaveMarksAlone() {
    memory.learn(text(3000, 12, 3));
    OpenText text = memory.open();
    int[] written = text(400, 12, 4);
    for (int t = 0; t < written.length; t++) {
      float[] model = logits(t);
      float[] mixed = text.mix(model);
      double sum = 0;
      double modelSum = 0;
      for (int id = 0; id < model.length; id++) {
        sum += Math.exp(mixed[id]);
        modelSum += Math.exp(model[id]);
        if (memory.mark(id)) {
          assertThat(mixed[id]).isEqualTo(model[id]);
        }
      }
      assertThat(sum / modelSum).isCloseTo(1, within(1e-4));
      text.accept(written[t]);
    }
  }

  /** Counts by the definition, for one order at a time. */
  @Test
  void countsAreThoseOfTheText() {
    int[] written = text(2000, 4, 5);
    ContextCounts counts = new ContextCounts(1 << 20);
    RecentTokens recent = new RecentTokens();
    for (int t = 0; t < written.length; t++) {
      counts.add(recent, written[t]);
      recent.append(written[t]);
    }
    for (int o = 0; o < RecentTokens.ORDERS.length; o++) {
      int order = RecentTokens.ORDERS[o];
      Map<Integer, Integer> expected = new HashMap<>();
      for (int t = order; t < written.length; t++) {
        if (Arrays.equals(written, t - order, t, written, written.length - order, written.length)) {
          expected.merge(written[t], 1, Integer::sum);
        }
      }
      Map<Integer, Integer> found = new HashMap<>();
      int first = counts.firstEntry(recent.key(o));
      for (int e = first; e != ContextCounts.NONE; e = counts.nextEntry(e)) {
        found.put(counts.token(e), counts.count(e));
      }
      assertThat(found).as("order %d", order).isEqualTo(expected);
    }
  }

  @Test
  void aFullTableStaysAsItIs() {
    ContextCounts counts = new ContextCounts(64);
    RecentTokens recent = new RecentTokens();
    int[] written = text(5000, 50, 6);
    for (int id : written) {
      counts.add(recent, id);
      recent.append(id);
    }
    int known = 0;
    RecentTokens again = new RecentTokens();
    for (int id : written) {
      again.append(id);
      known += counts.firstEntry(again.key(0)) == ContextCounts.NONE ? 0 : 1;
    }
    assertThat(known).isPositive();
  }

  @Test
  void textBehindTheCursorCounts() {
    int[] phrase = text(30, 50, 7);
    OpenText text = memory.open();
    text.learn(phrase);
    text.accept(Arrays.copyOf(phrase, 10));
    assertThat(probability(text.mix(logits(8)), phrase[10])).isGreaterThan(0.3);
  }

  @Test
  void withoutAnyTextTheModelSpeaksAlone() {
    float[] model = logits(9);
    assertThat(memory.open().mix(model)).isSameAs(model);
  }

  @Test
  void learntWeightsShortenTheCode() throws IOException {
    // A text that repeats itself often, and a model that knows nothing.
    int[] written = repeating(4000, 10);
    MemoryFit fit = new MemoryFit();
    ProjectMemory start = new ProjectMemory(tokenizer(), MemoryWeights.start());
    OpenText text = start.open();
    for (int id : written) {
      fit.add(text, logits(1), id);
      text.accept(id);
    }
    assertThat(fit.places()).isGreaterThan(3000);
    Path file = folder.resolve("weights.json");
    Files.writeString(file, fit.fit(4).toJson().toString());
    double before = bits(MemoryWeights.start(), repeating(2000, 11));
    double after = bits(MemoryWeights.read(file), repeating(2000, 11));
    assertThat(after).isLessThan(0.8 * before);
  }

  private int[] repeating(int length, long seed) {
    int[] phrase = text(60, 50, seed);
    SplittableRandom random = new SplittableRandom(seed);
    int[] all = new int[length];
    int at = 0;
    for (int i = 0; i < length; i++) {
      at = random.nextInt(12) == 0 ? random.nextInt(phrase.length) : (at + 1) % phrase.length;
      all[i] = phrase[at];
    }
    return all;
  }

  private double bits(MemoryWeights weights, int[] written) {
    OpenText text = new ProjectMemory(tokenizer(), weights).open();
    double bits = 0;
    for (int id : written) {
      bits -= Sampler.logProbability(text.mix(logits(1)), id) / Math.log(2);
      text.accept(id);
    }
    return bits;
  }

  @Test
  void brokenWeightsAreRefused() throws IOException {
    Path file = folder.resolve("weights.json");
    Files.writeString(file, "{\"format\":\"hadal-memory-1\",\"weights\":[1]}");
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> MemoryWeights.read(file))
        .hasMessageContaining("weights.json")
        .hasMessageContaining("fit them again");
    String many = MemoryWeights.start().toJson().toString().replaceFirst("-1.0", "1e9");
    Files.writeString(file, many);
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> MemoryWeights.read(file))
        .hasMessageContaining("weights[0]");
  }
}
