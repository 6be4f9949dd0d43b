package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code --engram-cache}: the same results with the tables on disk, in less memory. */
class EngramCacheTest {
  @TempDir private Path folder = Path.of("");

  private static JsonNode plan(String... more) {
    String[] args = new String[more.length + 7];
    args[0] = "inspect";
    args[1] = EngramModel.FOLDER.toString();
    args[2] = "--json";
    args[3] = "-c";
    args[4] = "40";
    args[5] = "-t";
    args[6] = "2";
    System.arraycopy(more, 0, args, 7, more.length);
    Invocation run = Invocation.hadal(args);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return TestModel.json(run).path("memory_plan");
  }

  private Invocation generate(String... more) throws IOException {
    Path tokens = TestModel.write(folder.resolve("ids.json"), "[7, 8, 9, 300, 7, 8, 9, 301]");
    String[] args = new String[more.length + 10];
    args[0] = "--tokens";
    args[1] = tokens.toString();
    args[2] = "-n";
    args[3] = "32";
    args[4] = "--json";
    args[5] = "--ignore-eos";
    args[6] = "-t";
    args[7] = "2";
    args[8] = "-q";
    args[9] = "--cold";
    System.arraycopy(more, 0, args, 10, more.length);
    return EngramModel.on("generate", args);
  }

  /** Lookups do not depend on what is compiled. */
  private static Invocation bench(String... more) {
    return EngramModel.on(
        "bench",
        Stream.concat(Stream.of("--no-warmup"), Arrays.stream(more)).toArray(String[]::new));
  }

  private int[] ids(String... more) throws IOException {
    Invocation run = generate(more);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return TestModel.ints(TestModel.json(run).path("ids"));
  }

  @Test
  void tokensAreThoseOfMappedTables() throws IOException {
    int[] mapped = ids();
    assertThat(mapped).hasSize(32);
    // No room for a single row, for some, for all.
    for (String size : new String[] {"8", "2KiB", "1G"}) {
      assertThat(ids("--engram-cache", size)).as(size).isEqualTo(mapped);
    }
  }

  @Test
  void planCountsTheCacheInPlaceOfTheTables() {
    JsonNode mapped = plan();
    JsonNode cached = plan("--engram-cache", "10K");
    // Rows of both layers, from the configuration.
    long tables = (6126L + 6332) * EngramModel.ROW_BYTES;
    assertThat(mapped.path("engram_table_bytes").longValue()).isEqualTo(tables);
    assertThat(mapped.path("engram_cache_bytes").longValue()).isZero();
    assertThat(cached.path("engram_table_bytes").longValue()).isZero();
    assertThat(cached.path("engram_cache_bytes").longValue()).isEqualTo(10 << 10);
    assertThat(cached.path("weight_bytes").longValue())
        .isEqualTo(mapped.path("weight_bytes").longValue() - tables);
    assertThat(cached.path("total_bytes").longValue())
        .isLessThan(mapped.path("total_bytes").longValue());
    // A cache larger than the tables never fills.
    assertThat(plan("--engram-cache", "900G").path("engram_cache_bytes").longValue())
        .isBetween(tables, 4 * tables);
  }

  @Test
  void modelThatFitsOnlyWithACacheSaysSo() throws IOException {
    String limit = Long.toString(plan().path("total_bytes").longValue() - 1);
    Invocation refused = generate("--memory-limit", limit);
    assertThat(refused.exitCode()).isEqualTo(ExitCode.DOES_NOT_FIT);
    assertThat(refused.err()).contains("--engram-cache", "n-gram tables");
    assertThat(ids("--memory-limit", limit, "--engram-cache", "10K")).isEqualTo(ids());
    Invocation inspected =
        Invocation.hadal(
            "inspect",
            EngramModel.FOLDER.toString(),
            "-c",
            "40",
            "-t",
            "2",
            "--memory-limit",
            limit);
    assertThat(inspected.out()).contains("does not fit", "--engram-cache");
  }

  @Test
  void benchCountsLookups() {
    Invocation run = bench("-p", "20", "-n", "5", "-r", "2", "--engram-cache", "4K", "--json");
    assertThat(run.exitCode()).as(run.err()).isZero();
    JsonNode json = TestModel.json(run);
    assertThat(json.path("engram_cache_bytes").longValue()).isEqualTo(4096);
    int[] tokens = {20, 5};
    int[] requests = {2, 10};
    for (int i = 0; i < 2; i++) {
      JsonNode lookups = json.path("results").path(i).path("engram");
      assertThat(lookups).hasSize(2);
      for (JsonNode e : lookups) {
        // Two layers, one request a step.
        assertThat(e.path("requests").intValue()).isEqualTo(requests[i]);
        assertThat(e.path("rows").intValue()).isEqualTo(tokens[i] * EngramModel.COLUMNS * 2);
        assertThat(e.path("hits").intValue() + e.path("misses").intValue())
            .isBetween(1, e.path("rows").intValue());
        assertThat(e.path("bytes_read").intValue())
            .isEqualTo(e.path("misses").intValue() * EngramModel.ROW_BYTES);
        assertThat(e.path("wait_ms").doubleValue()).isNotNegative();
      }
    }
    // 120 rows do not fit the cache, so the second run reads again.
    assertThat(json.path("results").path(0).path("engram").path(1).path("misses").intValue())
        .isPositive();
  }

  @Test
  void warmCacheReadsNothing() {
    Invocation run = bench("-p", "20", "-n", "0", "-r", "2", "--engram-cache", "1M", "--json");
    JsonNode e = TestModel.json(run).path("results").path(0).path("engram").path(1);
    assertThat(e.path("misses").intValue()).isZero();
    assertThat(e.path("bytes_read").intValue()).isZero();
    assertThat(e.path("hits").intValue()).isPositive();
  }

  @Test
  void benchTableAndCsvShowLookups() {
    Invocation cached = bench("-p", "8", "-n", "0", "-r", "1", "--engram-cache", "1M");
    assertThat(cached.out())
        .contains("Engram tables on disk, cache ", "rows asked", "waited", "|         96 |");
    Invocation mapped = bench("-p", "8", "-n", "0", "-r", "1");
    assertThat(mapped.out()).contains("Engram tables mapped");
    Invocation csv = bench("-p", "8", "-n", "0", "-r", "1", "--csv", "--engram-cache", "1M");
    String[] lines = csv.out().lines().toArray(String[]::new);
    assertThat(lines[0]).contains("engram_rows,engram_hits,engram_misses");
    assertThat(lines[1].split(",", -1)).hasSameSizeAs(lines[0].split(",", -1));
    assertThat(lines[1]).contains(",96,");
  }

  @Test
  void modelWithoutEngramSaysThatTheOptionDoesNothing() {
    Invocation run =
        TestModel.on(
            "bench",
            "--no-warmup",
            "-p",
            "4",
            "-n",
            "0",
            "-r",
            "1",
            "--engram-cache",
            "1M",
            "--json");
    assertThat(run.exitCode()).isZero();
    assertThat(run.err()).contains("no Engram");
    assertThat(TestModel.json(run).path("results").path(0).has("engram")).isFalse();
    assertThat(TestModel.json(run).path("engram_cache_bytes").longValue()).isZero();
    assertThat(TestModel.on("bench", "--no-warmup", "-p", "4", "-n", "0", "-r", "1").out())
        .doesNotContain("Engram");
  }

  @Test
  void wrongSizes() {
    for (String size : new String[] {"many", "-5", "12Q", ""}) {
      assertThat(bench("--engram-cache", size).exitCode()).as(size).isEqualTo(ExitCode.USAGE);
    }
    assertThat(bench("-p", "2", "-n", "0", "--engram-cache", "0").exitCode()).isZero();
  }
}
