package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The whole command on a model whose n-gram tables are much larger than its memory. */
class LargeEngramTest {
  private static final long MIB = 1 << 20;

  /** Java heap of the runs; the plan counts what lies outside of it and the model's own arrays. */
  private static final long HEAP = 192;

  @TempDir private Path folder = Path.of("");

  private record Run(int exitCode, String out, String err, long peakBytes) {
    JsonNode json() {
      return Json.parse(out.getBytes(StandardCharsets.UTF_8), "stdout");
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "hadal.slow", matches = "true")
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void sixGibibytes() throws Exception {
    bench(6L << 30, 4, 512);
  }

  /** Run with {@code -Dtest=LargeEngramTest -Dhadal.slow=true}. */
  @Test
  @EnabledIfSystemProperty(named = "hadal.slow", matches = "true")
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void sixtyFourGibibytes() throws Exception {
    bench(64L << 30, 64, 8192);
  }

  private void bench(long bytes, int cacheMib, int prompt) throws Exception {
    long tables = LargeEngramCheckpoint.write(folder, bytes);
    String[] cache = {"--engram-cache", cacheMib + "M", "-t", "2"};
    // The next power of two of the plan's needs, far below the tables.
    String limit = (cacheMib + 112) + "M";
    Run inspect =
        hadal("inspect", folder.toString(), "--json", "-c", "" + prompt, cache[0], cache[1]);
    assertThat(inspect.exitCode).as(inspect.err).isZero();
    JsonNode plan = inspect.json().path("memory_plan");
    assertThat(plan.path("total_bytes").longValue()).isLessThan((cacheMib + 112) * MIB);

    List<String> args =
        new ArrayList<>(
            List.of("bench", "-m", folder.toString(), "-p", "" + prompt, "-n", "64", "-r", "1"));
    args.addAll(List.of("--json", "--memory-limit", limit));
    Run mapped = hadal(args.toArray(String[]::new));
    assertThat(mapped.exitCode).isEqualTo(ExitCode.DOES_NOT_FIT);
    assertThat(mapped.err).contains("--engram-cache");

    args.addAll(List.of(cache));
    Run run = hadal(args.toArray(String[]::new));
    assertThat(run.exitCode).as(run.err).isZero();
    JsonNode lookups = run.json().at("/results/0/engram/0");
    // Both runs of the prompt read more rows than the cache holds.
    assertThat(lookups.path("misses").longValue() * LargeEngramCheckpoint.ROW_BYTES)
        .isGreaterThan(cacheMib * MIB / 2);
    long planned = plan.path("total_bytes").longValue();
    long growth = run.peakBytes - inspect.peakBytes;
    System.out.printf(
        Locale.ROOT,
        "%.1f GiB of tables, %d MiB cache: plan %d MiB; peak resident %d MiB, %d MiB above that of"
            + " inspect; pp%d %.1f tokens/s, tg64 %.1f tokens/s; prompt %s%n",
        tables / 1073741824.0,
        cacheMib,
        planned / MIB,
        run.peakBytes / MIB,
        growth / MIB,
        prompt,
        run.json().at("/results/0/tokens_per_second").doubleValue(),
        run.json().at("/results/1/tokens_per_second").doubleValue(),
        lookups);
    if (run.peakBytes > 0) {
      assertThat(growth).isLessThan(planned + HEAP * MIB);
      assertThat(run.peakBytes).isLessThan(tables / 8);
    }
  }

  /** Runs the command in a JVM of its own and watches its memory. */
  private static Run hadal(String... args) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx" + HEAP + "m",
            "--add-modules",
            "jdk.incubator.vector",
            "-cp",
            System.getProperty("java.class.path")));
    command.add("io.hadal.cli.Hadal");
    command.addAll(List.of(args));
    Path out = Files.createTempFile("hadal", ".out");
    Path err = Files.createTempFile("hadal", ".err");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      long peak = 0;
      while (!process.waitFor(20, TimeUnit.MILLISECONDS)) {
        peak = Math.max(peak, peak(process.pid()));
      }
      return new Run(process.exitValue(), Files.readString(out), Files.readString(err), peak);
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** Largest resident size so far, 0 where it cannot be known. */
  private static long peak(long pid) {
    Path status = Path.of("/proc", Long.toString(pid), "status");
    try {
      return Files.readAllLines(status).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .sum();
    } catch (IOException e) {
      // The process has just ended, or there is no /proc.
      return 0;
    }
  }
}
