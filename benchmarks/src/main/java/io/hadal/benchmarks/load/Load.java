package io.hadal.benchmarks.load;

import io.hadal.benchmarks.load.LoadClient.Outcome;
import io.hadal.benchmarks.load.LoadClient.Request;
import java.io.PrintWriter;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The load generator as a command. */
@Command(
    name = "load",
    mixinStandardHelpOptions = true,
    description =
        "Loads a server with streamed completions and prints rates and percentiles. Exit code 1 when"
            + " an admitted request failed or the server did not come to rest.")
public final class Load implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--url", required = true, paramLabel = "URL", description = "The server.")
  private URI url = URI.create("");

  @Option(names = "--model", paramLabel = "NAME", description = "Model of the requests.")
  private @Nullable String model;

  @Option(names = "--key", paramLabel = "KEY", description = "API key.")
  private @Nullable String key;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Most tokens of an answer. Default: 64.")
  private int tokens = 64;

  @Option(names = "--seed", paramLabel = "N", description = "Of arrivals and prompts. Default: 1.")
  private long seed = 1;

  @Option(
      names = "--clients",
      split = ",",
      paramLabel = "N",
      description = "Closed loop: so many clients, each sending its next request at once.")
  private List<Integer> clients = List.of();

  @Option(
      names = "--rate",
      paramLabel = "R",
      description = "Open loop: so many requests a second at random times, whatever comes back.")
  private double rate;

  @Option(
      names = "--beyond",
      paramLabel = "X",
      description = "Open loop at X times the rate that 64 clients have reached before.")
  private double beyond;

  @Option(names = "--seconds", paramLabel = "S", description = "Length of each loop. Default: 20.")
  private int seconds = 20;

  @Option(
      names = "--leave",
      paramLabel = "PART",
      description = "Part of the clients of an open loop that go away amid their answer.")
  private double leave;

  @Option(
      names = "--waiting",
      paramLabel = "N",
      description = "So many background streams that wait meanwhile.")
  private int waiting;

  @Option(
      names = "--most",
      paramLabel = "N",
      description =
          "Most requests of an open loop at once; further ones count as failed. Default: 4096.")
  private int most = 4096;

  /** Runs the command and ends the process. */
  public static void main(String[] args) {
    System.exit(run(args, new PrintWriter(System.out, true)));
  }

  static int run(String[] args, PrintWriter out) {
    return new CommandLine(new Load()).setOut(out).execute(args);
  }

  /** Asks again when the model has ended its answer. */
  private static void keepWaiting(LoadClient client, Request request) {
    while (!Thread.currentThread().isInterrupted()
        && client.run(request, System.nanoTime()).outcome() == Outcome.OK) {
      // The next one waits at once.
    }
  }

  @Override
  public Integer call() throws Exception {
    boolean fine = true;
    try (LoadClient client = new LoadClient(url, model, key);
        ServerFigures figures = new ServerFigures(client);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> background = new ArrayList<>();
      for (int i = 0; i < waiting; i++) {
        Request request = new Request(seed + 1_000_000 + i, 100_000, true, -1);
        background.add(threads.submit(() -> keepWaiting(client, request)));
      }
      if (waiting > 0) {
        // Some answers end by themselves and are about to be asked for again.
        for (int i = 0; i < 120 && figures.active() < waiting * 0.95; i++) {
          Thread.sleep(250);
        }
        say("%d streams wait", figures.active());
      }
      double answered = 0;
      for (int count : clients) {
        LoadReport report = new LoadReport();
        double took = closed(client, threads, count, report);
        say("%s", report.line(count + (count == 1 ? " client" : " clients"), took));
        answered = report.count(Outcome.OK) / took;
        fine &= passed(report);
      }
      double arrivals = beyond > 0 ? beyond * answered : rate;
      if (arrivals > 0) {
        LoadReport report = new LoadReport();
        double took = open(client, threads, arrivals, report);
        say("%s", report.line("%.1f requests/s".formatted(arrivals), took));
        fine &= passed(report);
      }
      if (waiting > 0) {
        int active = figures.active();
        background.forEach(f -> f.cancel(true));
        say("%d streams waited to the end", active);
      }
      boolean idle = figures.idle(60);
      fine &= idle;
      List<Double> floors = figures.heapFloors();
      say(
          "server %s; heap floors %s MiB; caches %.1f MiB, retained %.1f MiB",
          idle ? "at rest" : "NOT AT REST",
          floors.stream().map(f -> "%.0f".formatted(f / (1 << 20))).toList(),
          figures.figure("llm_kv_cache_bytes") / (1 << 20),
          figures.figure("llm_prefix_cache_memory_bytes") / (1 << 20));
    }
    return fine ? 0 : 1;
  }

  private void say(String format, Object... values) {
    spec.commandLine().getOut().println(format.formatted(values));
  }

  private boolean passed(LoadReport report) {
    if (report.failure() != null) {
      say("FAILED: %s", report.failure());
    }
    return report.count(Outcome.FAILED) == 0;
  }

  /** Seconds it took. */
  private double closed(LoadClient client, ExecutorService threads, int count, LoadReport report)
      throws Exception {
    long start = System.nanoTime();
    long end = start + TimeUnit.SECONDS.toNanos(seconds);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long own = seed + 1000L * i;
      all.add(
          threads.submit(
              () -> {
                for (int n = 0; System.nanoTime() < end; n++) {
                  Request request = new Request(own + n, tokens, false, -1);
                  report.add(client.run(request, System.nanoTime()));
                }
              }));
    }
    for (Future<?> future : all) {
      future.get();
    }
    return (System.nanoTime() - start) / 1e9;
  }

  /** Requests with exponential distances; seconds until the last answer. */
  private double open(
      LoadClient client, ExecutorService threads, double arrivals, LoadReport report)
      throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    AtomicInteger running = new AtomicInteger();
    List<Future<?>> all = new ArrayList<>();
    long start = System.nanoTime();
    long due = start;
    long end = start + TimeUnit.SECONDS.toNanos(seconds);
    for (long n = 0; ; n++) {
      due += (long) (-Math.log(1 - random.nextDouble()) / arrivals * 1e9);
      if (due >= end) {
        break;
      }
      long wait = due - System.nanoTime();
      if (wait > 0) {
        TimeUnit.NANOSECONDS.sleep(wait);
      }
      int leaveAfter = random.nextDouble() < leave ? random.nextInt(tokens) : -1;
      Request request = new Request(seed + 10_000_000 + n, tokens, false, leaveAfter);
      long time = due;
      if (running.incrementAndGet() > most) {
        running.decrementAndGet();
        report.add(
            new LoadClient.Result(Outcome.FAILED, 0, 0, 0, "more than --most requests at once"));
        continue;
      }
      all.add(
          threads.submit(
              () -> {
                report.add(client.run(request, time));
                running.decrementAndGet();
              }));
    }
    for (Future<?> future : all) {
      future.get();
    }
    return (System.nanoTime() - start) / 1e9;
  }
}
