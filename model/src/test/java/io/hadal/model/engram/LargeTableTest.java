package io.hadal.model.engram;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tables much larger than the memory given to them. Prints how fast simulated decoding reads rows
 * with and without fetching them ahead.
 */
class LargeTableTest {
  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void sixGibibytes() throws Throwable {
    decode(6L << 30, 16 * MIB, 200);
  }

  /** Run with {@code -Dtest=LargeTableTest -Dhadal.slow=true}. */
  @Test
  @EnabledIfSystemProperty(named = "hadal.slow", matches = "true")
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void sixtyFourGibibytes() throws Throwable {
    decode(64L << 30, 256 * MIB, 1000);
  }

  private void decode(long tableBytes, long cacheBytes, int positions) throws Throwable {
    LargeTable large = new LargeTable(folder.resolve("large.safetensors"), tableBytes);
    int[] ids = large.randomRows(positions, 9);
    large.fill(ids);
    TableLayout layout = large.layout();
    assertThat(layout.byteSize()).isGreaterThan(tableBytes - 1000);
    long resident = residentBytes();
    for (long computeMicros : new long[] {0, 1000, 5000}) {
      double plain = tokensPerSecond(large, layout, cacheBytes, ids, computeMicros, false);
      double ahead = tokensPerSecond(large, layout, cacheBytes, ids, computeMicros, true);
      System.out.printf(
          Locale.ROOT,
          "%d GiB table, %d MiB cache, %d us of other work a token: %.0f tokens/s reading when"
              + " needed, %.0f tokens/s reading ahead (x %.2f)%n",
          tableBytes >> 30,
          cacheBytes >> 20,
          computeMicros,
          plain,
          ahead,
          ahead / plain);
    }
    assertThat(residentBytes() - resident).isLessThan(cacheBytes + 200 * MIB);
  }

  /** Every token looks up its rows after some other work. */
  private static double tokensPerSecond(
      LargeTable large,
      TableLayout layout,
      long cacheBytes,
      int[] ids,
      long computeMicros,
      boolean ahead)
      throws Throwable {
    large.forget();
    int columns = LargeTable.COLUMNS;
    float[] out = new float[columns * LargeTable.WIDTH];
    try (ReadPool pool = new ReadPool(ReadPool.DEFAULT_THREADS);
        EngramTable table = new FileTable(layout, cacheBytes, pool)) {
      int wrong = 0;
      long start = System.nanoTime();
      for (int at = 0; at < ids.length; at += columns) {
        if (ahead) {
          try (Prefetch prefetch = table.begin(ids, at, columns)) {
            compute(computeMicros);
            prefetch.read(out, 0);
          }
        } else {
          compute(computeMicros);
          table.read(ids, at, columns, out);
        }
        wrong += wrongValues(out, ids, at);
      }
      double seconds = (System.nanoTime() - start) * 1e-9;
      assertThat(wrong).isZero();
      EngramCounters counters = table.counters();
      assertThat(counters.rows()).isEqualTo(ids.length);
      assertThat(counters.bytesRead()).isEqualTo(counters.misses() * LargeTable.ROW_BYTES);
      return ids.length / columns / seconds;
    }
  }

  private static int wrongValues(float[] out, int[] ids, int at) {
    int wrong = 0;
    for (int c = 0; c < LargeTable.COLUMNS; c++) {
      for (int i = 0; i < LargeTable.WIDTH; i += 37) {
        wrong += out[c * LargeTable.WIDTH + i] == LargeTable.value(ids[at + c], i) ? 0 : 1;
      }
    }
    return wrong;
  }

  private static void compute(long micros) {
    long end = System.nanoTime() + micros * 1000;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  private static long residentBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .sum();
  }
}
