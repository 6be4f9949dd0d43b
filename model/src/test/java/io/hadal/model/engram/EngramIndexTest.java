package io.hadal.model.engram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.Safetensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class EngramIndexTest {
  private static final int RELEASE_CANONICAL = 99092;
  private static final EngramShape RELEASE =
      EngramShape.uniform(List.of(1, 14), 4, 8, 16_000_000, RELEASE_CANONICAL);

  @Test
  void releaseConstants() {
    List<EngramIndex> indexes = RELEASE.indexes(2, "release");
    JsonNode release = Goldens.release();
    long[] rows = {384006168, 384016682};
    for (int i = 0; i < 2; i++) {
      assertThat(indexes.get(i).multipliers())
          .containsExactly(Goldens.longs(release.get("multipliers").get(i)));
      assertThat(indexes.get(i).primes())
          .containsExactly(Goldens.ints(release.get("primes").get(i)));
      assertThat(indexes.get(i).rowCount()).isEqualTo(rows[i]);
      indexes.get(i).requireRows(rows[i], "release");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 76632096046245, 4839876093313, 35959672319349, 73987337458391",
    "14, 67716810739261, 51510806800915, 30921347202721, 82619226485591",
    "2, 76507469730479, 37097805264573, 22647385550623, 71424551940645",
    "8, 84780965700029, 55412039999193, 43833230514671, 9108694825287",
    "15, 28919099099511, 56020370062535, 53929037264533, 32940167562555",
    "25, 16722572563345, 85170193127427, 6728500513121, 92429620623637"
  })
  void multipliersOfOtherLayers(int layer, long m0, long m1, long m2, long m3) {
    assertThat(EngramShape.multipliers(10007L * layer, 4, RELEASE_CANONICAL))
        .containsExactly(m0, m1, m2, m3);
  }

  /** The vectors of engram spec 2.4; canonical ids 10, 20, 30, 40, 50. */
  @Test
  void rowsOfTheSpecification() {
    List<EngramIndex> indexes = RELEASE.indexes(2, "release");
    int[] ids = {10, 20, 30, 40, 50};
    assertThat(rowsAt(indexes.get(0), ids, 0))
        .containsExactly(
            9400104, 24924096, 42335591, 53627767, 70568887, 92216816, 111040993, 114349277,
            128026094, 156221192, 173153866, 190951133, 196554635, 215358067, 227564690, 254838319,
            261350200, 277988921, 301030767, 312551990, 330899850, 342421405, 356727647, 382122658);
    assertThat(rowsAt(indexes.get(0), ids, 3))
        .containsExactly(
            1326936, 22120929, 40011923, 55142539, 77849479, 85421395, 105208034, 120570043,
            142088989, 151706440, 164511320, 186980067, 199834903, 222266846, 231919637, 244765195,
            270969918, 287524568, 292261800, 310632033, 322879311, 341250912, 361620893, 378628807);
    assertThat(rowsAt(indexes.get(0), new int[] {10, 20, EngramIndex.DEAD, 40, 50}, 3))
        .containsExactly(
            7957620, 22328225, 38180748, 53003837, 67249966, 82668503, 98378416, 126783432,
            138481726, 153107076, 170580596, 178072915, 202944594, 223385660, 238053324, 251244583,
            261093168, 279040233, 291032532, 305030090, 325029180, 339028090, 353038012, 369052152);
    assertThat(rowsAt(indexes.get(1), ids, 4))
        .containsExactly(
            12112771, 17594806, 40177035, 60567362, 78763383, 80843792, 100677074, 126606474,
            142726201, 145257379, 175637107, 180701399, 198428675, 221226053, 227233095, 255906954,
            259419700, 284922264, 302986529, 306158514, 323132060, 342210866, 353939203, 380580960);
  }

  @Test
  void rowsOfTheReleaseSequences() {
    List<EngramIndex> indexes = RELEASE.indexes(2, "release");
    CanonicalMap map = CanonicalMap.of(Goldens.v3Tokenizer(), 129280, "V3");
    JsonNode sequences = Goldens.release().get("sequences");
    assertThat(sequences.size()).isEqualTo(2);
    for (JsonNode sequence : sequences) {
      int[] tokens = Goldens.ints(sequence.get("token_ids"));
      int[] ids = new int[tokens.length];
      map.canonical(tokens, 0, tokens.length, ids, 0);
      JsonNode canonical = sequence.get("canonical_ids");
      if (canonical != null) {
        assertThat(ids).containsExactly(Goldens.ints(canonical));
      }
      JsonNode takesPart = sequence.get("takes_part");
      for (int t = 0; takesPart != null && t < ids.length; t++) {
        ids[t] = takesPart.get(t).booleanValue() ? ids[t] : EngramIndex.DEAD;
      }
      for (int i = 0; i < indexes.size(); i++) {
        JsonNode expected = sequence.get("rows_by_layer_position").get(i);
        int[] rows = new int[ids.length * 24];
        indexes.get(i).rows(ids, 0, 0, ids.length, rows, 0);
        for (int t = 0; t < ids.length; t++) {
          assertThat(Arrays.copyOfRange(rows, t * 24, t * 24 + 24))
              .as("layer %d position %d", i, t)
              .containsExactly(Goldens.ints(expected.get(t)));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"e", "e8"})
  void constantsAndRowsOfTheGoldenModels(String model) {
    List<EngramIndex> indexes =
        EngramShape.uniform(List.of(1, 4), 4, 2, 1000, 370).indexes(2, model);
    try (Safetensors golden = Goldens.model(model)) {
      long[] multipliers = Goldens.longs(golden.get("multipliers"));
      int[] primes = Goldens.ints(golden.get("primes"));
      int[] tokens = Goldens.ints(golden.get("tokens"));
      CanonicalMap map = CanonicalMap.of(Goldens.ints(golden.get("token_map")), model);
      int[] ids = new int[tokens.length];
      map.canonical(tokens, 0, tokens.length, ids, 0);
      for (int i = 0; i < 2; i++) {
        EngramIndex index = indexes.get(i);
        assertThat(index.multipliers())
            .containsExactly(Arrays.copyOfRange(multipliers, 4 * i, 4 * i + 4));
        assertThat(index.primes()).containsExactly(Arrays.copyOfRange(primes, 6 * i, 6 * i + 6));
        int[] rows = new int[ids.length * index.columns()];
        index.rows(ids, 0, 0, ids.length, rows, 0);
        assertThat(rows)
            .containsExactly(Goldens.ints(golden.get("layer" + (i == 0 ? 1 : 4) + ".engram_rows")));
      }
    }
  }

  @Test
  void primesAreNotReusedWhenOrdersDiffer() {
    EngramShape shape = new EngramShape(List.of(0, 1), 3, 2, List.of(10, 8), 50);
    List<EngramIndex> indexes = shape.indexes(0, "test");
    assertThat(indexes.get(0).primes()).containsExactly(11, 13, 17, 19);
    assertThat(indexes.get(1).primes()).containsExactly(23, 29, 31, 37);
    EngramShape small = new EngramShape(List.of(0), 3, 1, List.of(100, 2), 50);
    assertThat(small.indexes(0, "test").getFirst().primes()).containsExactly(101, 2);
  }

  /** Rows depend on the last ids only, so every cut of a sequence gives the same ones. */
  @Test
  void anyChunkingGivesTheSameRows() {
    EngramIndex index = EngramShape.uniform(List.of(1), 4, 2, 1000, 370).indexes(2, "t").getFirst();
    Random random = new Random(5);
    for (int round = 0; round < 200; round++) {
      int n = 1 + random.nextInt(40);
      int[] ids =
          IntStream.range(0, n)
              .map(i -> random.nextInt(5) == 0 ? EngramIndex.DEAD : random.nextInt(370))
              .toArray();
      int[] whole = new int[n * index.columns()];
      index.rows(ids, 0, 0, n, whole, 0);
      int[] parts = new int[whole.length];
      for (int at = 0; at < n; ) {
        int count = 1 + random.nextInt(n - at);
        int first = Math.max(0, at - index.lookback());
        int[] window = Arrays.copyOfRange(ids, first, at + count);
        index.rows(window, 0, at - first, count, parts, at * index.columns());
        at += count;
      }
      assertThat(parts).containsExactly(whole);
      assertThat(IntStream.of(whole)).allMatch(row -> row >= 0 && row < index.rowCount());
    }
  }

  @Test
  void documentsDoNotSeeEachOther() {
    EngramIndex index = RELEASE.indexes(2, "release").getFirst();
    int[] second = {7, 8, 9};
    int[] packed = {1, 2, 3, 4, 7, 8, 9};
    int[] alone = new int[3 * index.columns()];
    int[] inPack = new int[alone.length];
    index.rows(second, 0, 0, 3, alone, 0);
    index.rows(packed, 4, 4, 3, inPack, 0);
    assertThat(inPack).containsExactly(alone);
    index.rows(packed, 0, 4, 3, inPack, 0);
    assertThat(inPack).isNotEqualTo(alone);
  }

  @Test
  void blockingIsSticky() {
    EngramIndex index = RELEASE.indexes(2, "release").getFirst();
    int[] one = rowsAt(index, new int[] {5, EngramIndex.DEAD, 6, 7}, 3);
    int[] other = rowsAt(index, new int[] {99, EngramIndex.DEAD, 6, 7}, 3);
    assertThat(one).containsExactly(other);
    assertThat(rowsAt(index, new int[] {5, 6, 7, EngramIndex.DEAD}, 3))
        .containsExactly(rowsAt(index, new int[] {EngramIndex.DEAD}, 0));
  }

  @Test
  void wrongConstantsAreRefused() {
    List<Runnable> bad = new ArrayList<>();
    long[] m = {3, 5, 7};
    bad.add(() -> EngramIndex.of(2, m, new int[] {3, 5, 7}, 0, 10, "f"));
    bad.add(() -> EngramIndex.of(0, m, new int[] {3, 5}, 0, 10, "f"));
    bad.add(() -> EngramIndex.of(1, m, new int[] {3, 0}, 0, 10, "f"));
    bad.add(() -> EngramIndex.of(1, m, new int[] {3, Integer.MAX_VALUE}, 0, 10, "f"));
    bad.add(() -> EngramIndex.of(1, m, new int[] {3, 5}, 10, 10, "f"));
    bad.add(() -> EngramIndex.of(1, m, new int[] {3, 5}, -1, 10, "f"));
    bad.add(() -> EngramIndex.of(1, new long[] {3, -5, 7}, new int[] {3, 5}, 0, 10, "f"));
    bad.add(() -> EngramIndex.of(1, new long[] {3, 1L << 62, 7}, new int[] {3, 5}, 0, 10, "f"));
    bad.add(() -> EngramShape.uniform(List.of(), 3, 1, 10, 10).indexes(0, "f"));
    bad.add(() -> EngramShape.uniform(List.of(-1), 3, 1, 10, 10).indexes(0, "f"));
    bad.add(() -> EngramShape.uniform(List.of(1), 1, 1, 10, 10).indexes(0, "f"));
    bad.add(() -> EngramShape.uniform(List.of(1), 1 << 30, 1, 10, 10).indexes(0, "f"));
    bad.add(() -> EngramShape.uniform(List.of(1), 3, 1 << 30, 10, 10).indexes(0, "f"));
    bad.add(() -> EngramShape.uniform(List.of(1), 3, 1, 0, 10).indexes(0, "f"));
    bad.add(() -> EngramShape.uniform(List.of(1), 3, 1, Integer.MAX_VALUE, 10).indexes(0, "f"));
    bad.add(() -> EngramShape.uniform(List.of(1), 3, 1, 10, 0).indexes(0, "f"));
    bad.add(() -> RELEASE.indexes(2, "f").getFirst().requireRows(384006167, "f"));
    for (Runnable each : bad) {
      assertThatThrownBy(each::run)
          .isInstanceOf(FormatException.class)
          .hasMessageStartingWith("f: ");
    }
  }

  private static int[] rowsAt(EngramIndex index, int[] ids, int position) {
    int[] out = new int[index.columns()];
    index.rows(ids, 0, position, 1, out, 0);
    return out;
  }
}
