package io.hadal.model.engram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CodeEngramIndexTest {
  private static final CodeVocabulary VOCABULARY =
      new CodeVocabulary(Goldens.tinyTokenizer(), 512, "tiny");
  private static final Map<CodeChannel, Integer> ALL =
      Map.of(
          CodeChannel.S3,
          500,
          CodeChannel.S4,
          500,
          CodeChannel.I,
          50,
          CodeChannel.B,
          300,
          CodeChannel.A,
          700);

  private static List<CodeEngramIndex> indexes(Map<CodeChannel, Integer> channels) {
    EngramShape shape = EngramShape.uniform(List.of(1, 3), 4, 2, 1000, VOCABULARY.size());
    return CodeEngramIndex.of(shape, channels, VOCABULARY, 2, "test");
  }

  /** All numbers of all tuples lie in the id space. */
  static void checkTuples(CodeVocabulary vocabulary, int[] features) {
    int[] tuple = new int[CodeChannel.S4.length()];
    for (CodeChannel channel : CodeChannel.values()) {
      channel.tuple(vocabulary, features, 0, tuple);
      for (int i = 0; i < channel.length(); i++) {
        if (tuple[i] < 0 || tuple[i] >= vocabulary.size() + CodeChannel.EXTRA_IDS) {
          throw new AssertionError(channel + " " + Arrays.toString(tuple));
        }
      }
    }
  }

  @Test
  void withoutChannelsOnlyTheAbsentRowIsNew() {
    EngramShape shape = EngramShape.uniform(List.of(1, 3), 4, 2, 1000, VOCABULARY.size());
    EngramIndex plain = shape.indexes(2, "test").getFirst();
    CodeEngramIndex code = indexes(Map.of()).getFirst();
    assertThat(code.rowCount()).isEqualTo(plain.rowCount() + 1);
    assertThat(code.columns()).isEqualTo(plain.columns());
    int[] ids = IntStream.range(0, 50).toArray();
    int[] expected = new int[50 * plain.columns()];
    int[] rows = new int[expected.length];
    plain.rows(ids, 0, 0, 50, expected, 0);
    code.rows(ids, 0, 0, 50, new int[50 * StructuralFeatures.COUNT], rows, 0);
    assertThat(rows).containsExactly(expected);
  }

  @Test
  void everyColumnHasItsOwnRows() {
    for (CodeEngramIndex index : indexes(ALL)) {
      assertThat(index.columns()).isEqualTo(6 + 5 * 2);
      Random random = new Random(1);
      int n = 5000;
      StructuralAutomaton automaton = new StructuralAutomaton(VOCABULARY, Lexis.UNION);
      int[] features = new int[n * StructuralFeatures.COUNT];
      int[] canonical = new int[n];
      for (int t = 0; t < n; t++) {
        int token = random.nextInt(512);
        automaton.accept(token);
        automaton.features(features, t * StructuralFeatures.COUNT);
        canonical[t] = random.nextInt(20) == 0 ? EngramIndex.DEAD : VOCABULARY.canonical(token);
      }
      int[] rows = new int[n * index.columns()];
      index.rows(canonical, 0, 0, n, features, rows, 0);
      int[] low = new int[index.columns()];
      int[] high = new int[index.columns()];
      Arrays.fill(low, Integer.MAX_VALUE);
      int absent = 0;
      for (int i = 0; i < rows.length; i++) {
        int column = i % index.columns();
        if (rows[i] == index.absentRow()) {
          boolean dead = canonical[i / index.columns()] == EngramIndex.DEAD;
          assertThat(dead || index.channel(column).equals("I")).isTrue();
          absent++;
          continue;
        }
        low[column] = Math.min(low[column], rows[i]);
        high[column] = Math.max(high[column], rows[i]);
      }
      assertThat(absent).isPositive();
      assertThat(high[index.columns() - 1]).isLessThan(index.absentRow());
      for (int c = 1; c < low.length; c++) {
        assertThat(low[c]).as(index.channel(c)).isGreaterThan(high[c - 1]);
      }
    }
  }

  @Test
  void chunksGiveTheRowsOfTheWhole() {
    CodeEngramIndex index = indexes(ALL).getLast();
    Random random = new Random(2);
    int n = 400;
    StructuralAutomaton automaton = new StructuralAutomaton(VOCABULARY, Lexis.UNION);
    int[] features = new int[n * StructuralFeatures.COUNT];
    int[] canonical = new int[n];
    for (int t = 0; t < n; t++) {
      int token = random.nextInt(512);
      automaton.accept(token);
      automaton.features(features, t * StructuralFeatures.COUNT);
      canonical[t] = VOCABULARY.canonical(token);
    }
    int[] whole = new int[n * index.columns()];
    index.rows(canonical, 0, 0, n, features, whole, 0);
    int[] parts = new int[whole.length];
    for (int at = 0; at < n; ) {
      int count = 1 + random.nextInt(Math.min(20, n - at));
      int first = Math.max(0, at - index.lookback());
      int[] window = Arrays.copyOfRange(canonical, first, at + count);
      index.rows(
          window,
          0,
          at - first,
          count,
          Arrays.copyOfRange(features, at * StructuralFeatures.COUNT, features.length),
          parts,
          at * index.columns());
      at += count;
    }
    assertThat(parts).containsExactly(whole);
  }

  @Test
  void channelsTellTheirTuplesApart() {
    Map<CodeChannel, Integer> large = new EnumMap<>(CodeChannel.class);
    for (CodeChannel channel : CodeChannel.values()) {
      large.put(channel, 10_000_000);
    }
    CodeEngramIndex index = indexes(large).getFirst();
    int[] features = new int[StructuralFeatures.COUNT];
    features[StructuralFeatures.LINE_START] = 1;
    int[] base = rows(index, features);
    Map<Integer, String> moved =
        Map.of(
            StructuralFeatures.DELTA,
            "I",
            StructuralFeatures.LEVEL,
            "I",
            StructuralFeatures.PREVIOUS_HEAD,
            "I",
            StructuralFeatures.BLOCK_HEAD,
            "IA",
            StructuralFeatures.OUTER_BLOCK_HEAD,
            "A",
            StructuralFeatures.BRACKET,
            "B",
            StructuralFeatures.INTRODUCER,
            "B",
            StructuralFeatures.ARGUMENT,
            "B",
            StructuralFeatures.MODE,
            "S3S4",
            StructuralFeatures.LAST + 3,
            "S4");
    moved.forEach(
        (feature, channels) -> {
          int[] changed = features.clone();
          changed[feature]++;
          int[] rows = rows(index, changed);
          for (int c = 0; c < rows.length; c++) {
            assertThat(rows[c] != base[c])
                .as("feature %d, column %d", feature, c)
                .isEqualTo(c >= 6 && channels.contains(index.channel(c)));
          }
        });
  }

  private static int[] rows(CodeEngramIndex index, int[] features) {
    int[] out = new int[index.columns()];
    index.rows(new int[] {7}, 0, 0, 1, features, out, 0);
    return out;
  }

  @Test
  void layersByTheRule() {
    assertThat(CodeEngramIndex.layers(40)).containsExactly(1, 7, 14, 24);
    assertThat(CodeEngramIndex.layers(26)).containsExactly(1, 7, 14, 24);
    assertThat(CodeEngramIndex.layers(13)).containsExactly(1, 3, 6, 10);
    assertThat(CodeEngramIndex.layers(8)).containsExactly(1, 2, 4, 6);
    assertThat(CodeEngramIndex.layers(3)).containsExactly(1, 2);
    assertThat(CodeEngramIndex.layers(1)).isEmpty();
  }

  @Test
  void wrongSizesAreRefused() {
    for (int size : new int[] {0, -1, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> indexes(Map.of(CodeChannel.A, size)))
          .isInstanceOf(FormatException.class)
          .hasMessageStartingWith("test: ");
    }
    assertThatThrownBy(() -> indexes(Map.of(CodeChannel.A, 1_500_000_000)))
        .isInstanceOf(FormatException.class);
  }
}
