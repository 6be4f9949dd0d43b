package io.hadal.model.engram;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tables much larger than the memory given to them. Prints how fast simulated decoding reads rows
 * with and without fetching them ahead, and the memory that a full cache takes.
 */
class LargeTableTest {
  private static final long MIB = 1 << 20;

  /** Rows of a step of 256 tokens. */
  private static final int STEP_ROWS = 256 * LargeTable.COLUMNS;

  /** Heap that the collector has not given back, compiled code and threads of the readers. */
  private static final long JVM_BYTES = 96 * MIB;

  @TempDir Path folder;

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void sixGibibytes() throws Throwable {
    LargeTable large = new LargeTable(folder.resolve("large.safetensors"), 6L << 30);
    int[] ids = large.randomRows(200, 9);
    large.fill(ids);
    fillCache(large, 16 * MIB);
    decode(large, 16 * MIB, ids, 1);
  }

  /** Run with {@code -Dtest=LargeTableTest -Dhadal.slow=true}. */
  @Test
  @EnabledIfSystemProperty(named = "hadal.slow", matches = "true")
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void sixtyFourGibibytes() throws Throwable {
    LargeTable large = new LargeTable(folder.resolve("large.safetensors"), 64L << 30);
    int[] ids = large.randomRows(1000, 9);
    large.fill(ids);
    fillCache(large, 256 * MIB);
    decode(large, 256 * MIB, ids, 5);
  }

  /** Looks up more rows than the cache holds, most of them in the hole of the file. */
  private static void fillCache(LargeTable large, long cacheBytes) throws IOException {
    TableLayout layout = large.layout();
    ProcessMemory memory = ProcessMemory.mark();
    long plan = cacheBytes + 2L * STEP_ROWS * LargeTable.ROW_BYTES * 5 / 4;
    long rows = 0;
    float[] out = new float[STEP_ROWS * LargeTable.WIDTH];
    try (ReadPool pool = new ReadPool(ReadPool.DEFAULT_THREADS);
        EngramTable table = new FileTable(layout, cacheBytes, pool)) {
      for (int step = 0; rows * LargeTable.ROW_BYTES < 2 * cacheBytes; step++) {
        table.read(large.randomRows(STEP_ROWS / LargeTable.COLUMNS, step), 0, STEP_ROWS, out);
        rows += STEP_ROWS;
      }
      assertThat(table.counters().misses() * LargeTable.ROW_BYTES).isGreaterThan(cacheBytes);
    }
    long output = 4L * out.length;
    System.out.printf(
        Locale.ROOT,
        "%d GiB table, %d MiB cache filled twice: plan %d MiB and %d MiB of output, peak resident"
            + " growth %d MiB%n",
        layout.byteSize() + MIB >> 30,
        cacheBytes >> 20,
        plan >> 20,
        output >> 20,
        memory.peakGrowth() >> 20);
    assertThat(memory.peakGrowth()).isLessThan(plan + output + JVM_BYTES);
  }

  private static void decode(LargeTable large, long cacheBytes, int[] ids, int rounds)
      throws Throwable {
    TableLayout layout = large.layout();
    for (long computeMicros : new long[] {0, 1000, 5000}) {
      double[] plain = new double[rounds];
      double[] ahead = new double[rounds];
      double[] gain = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        // In turns, so that a drift of the machine meets both.
        plain[round] = tokensPerSecond(large, layout, cacheBytes, ids, computeMicros, false);
        ahead[round] = tokensPerSecond(large, layout, cacheBytes, ids, computeMicros, true);
        gain[round] = ahead[round] / plain[round];
      }
      System.out.printf(
          Locale.ROOT,
          "%d GiB table, %d MiB cache, %d us of other work a token, median of %d: %.0f tokens/s"
              + " reading when needed, %.0f tokens/s reading ahead (x %.2f, %.2f to %.2f)%n",
          layout.byteSize() + MIB >> 30,
          cacheBytes >> 20,
          computeMicros,
          rounds,
          median(plain),
          median(ahead),
          median(gain),
          Arrays.stream(gain).min().orElseThrow(),
          Arrays.stream(gain).max().orElseThrow());
    }
  }

  private static double median(double[] values) {
    return Arrays.stream(values).sorted().toArray()[values.length / 2];
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
}
