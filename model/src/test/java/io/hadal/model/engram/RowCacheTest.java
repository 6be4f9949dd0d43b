package io.hadal.model.engram;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.kernels.StorageType;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowCacheTest {
  private static final TableFormat FORMAT = new TableFormat(StorageType.F8_E4M3, 32);

  /** Against a map in order of use, the textbook LRU. */
  @ParameterizedTest
  @CsvSource({"1, 5", "2, 6", "7, 40", "1500, 2500", "64, 100000"})
  void behavesLikeAnOrderedMap(int capacity, int ids) {
    RowCache cache = new RowCache(FORMAT, capacity * (33L + 28), Integer.MAX_VALUE);
    assertThat(cache.capacity()).isEqualTo(capacity);
    Map<Integer, Integer> model = new LinkedHashMap<>(16, 0.75f, true);
    RowBuffer buffer = new RowBuffer(FORMAT, 1);
    Random random = new Random(capacity);
    int stride = random.nextInt() | 1;
    for (int step = 0; step < 60_000; step++) {
      int row = random.nextInt(ids) * stride & Integer.MAX_VALUE;
      if (random.nextBoolean()) {
        Integer expected = model.get(row);
        assertThat(cache.get(row, buffer, 0)).isEqualTo(expected != null);
        if (expected != null) {
          assertThat(buffer.codes.get(ValueLayout.JAVA_INT, 28)).isEqualTo(expected);
          assertThat(buffer.scales.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) (int) expected);
        }
      } else {
        buffer.codes.set(ValueLayout.JAVA_INT, 28, row ^ 77);
        buffer.scales.set(ValueLayout.JAVA_BYTE, 0, (byte) (row ^ 77));
        cache.put(row, buffer, 0);
        model.get(row);
        model.putIfAbsent(row, row ^ 77);
        if (model.size() > capacity) {
          model.remove(model.keySet().iterator().next());
        }
      }
      assertThat(cache.size()).isEqualTo(model.size());
    }
  }

  @Test
  void budgetBelowOneRowMeansNoCache() {
    RowBuffer buffer = new RowBuffer(FORMAT, 1);
    for (long budget : new long[] {0, 32, 60}) {
      RowCache cache = new RowCache(FORMAT, budget, 100);
      cache.put(3, buffer, 0);
      assertThat(cache.get(3, buffer, 0)).isFalse();
      assertThat(cache.capacity()).isZero();
    }
  }

  @Test
  void neverHoldsMoreThanTheTable() {
    assertThat(new RowCache(FORMAT, 1L << 40, 100).capacity()).isEqualTo(100);
  }
}
