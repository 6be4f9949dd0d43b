package io.hadal.benchmarks.load;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Long load on a gateway with the platform: what it takes must not grow, and nothing may stay. */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    description = {
      "Keeps many streams going through a gateway with the platform; some of their clients leave.",
      "Exit code 1 when a request failed, memory grew, or a request, a connection to the upstream"
          + " or held money stayed behind."
    })
public final class Soak implements Callable<Integer> {
  /** Memory may grow by this while a JVM finds its size. */
  private static final double GROWTH = 1.05;

  private static final long ROOM_MIB = 24;
  private static final int IDLE_SECONDS = 30;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private GatewayOptions gateways = new GatewayOptions();

  @Option(names = "--streams", paramLabel = "N", description = "Streams at once. Default: 1000.")
  private int streams = 1000;

  @Option(names = "--seconds", paramLabel = "S", description = "Length. Default: 7200.")
  private int seconds = 7200;

  @Option(
      names = "--leave",
      paramLabel = "PART",
      description = "Part of the clients that go away amid their answer. Default: 0.")
  private double leave;

  @Option(
      names = "--gap",
      paramLabel = "MS",
      description = "Time between two events in milliseconds. Default: 500.")
  private int gap = 500;

  @Option(names = "--events", paramLabel = "N", description = "Events of an answer. Default: 16.")
  private int events = 16;

  private final AtomicLong whole = new AtomicLong();
  private final AtomicLong left = new AtomicLong();
  private final AtomicReference<@Nullable String> failure = new AtomicReference<>();

  /** Runs the command and ends the process. */
  public static void main(String[] args) {
    System.exit(run(args, new PrintWriter(System.out, true)));
  }

  static int run(String[] args, PrintWriter out) {
    return new CommandLine(new Soak()).setOut(out).execute(args);
  }

  @Override
  public Integer call() throws Exception {
    try (GatewayOptions.WorkFolder folder = gateways.workFolder("soak")) {
      return soak(folder.path());
    }
  }

  private int soak(Path work) throws Exception {
    Process upstream = FixedUpstream.process(0, 1000 * gap, events, List.of(1000 * gap));
    try {
      URI direct = URI.create("http://127.0.0.1:" + upstream.inputReader().readLine());
      Path config =
          Files.writeString(
              work.resolve("serve.yaml"),
              "upstreams:\n  - {name: u, url: '%s', models: {m: m}}\nlog: {access: false}\n"
                  .formatted(direct));
      try (GatewayProcess gateway = new GatewayProcess(gateways.hadal(), work, config, true)) {
        return soak(gateway, gateway.key()) ? 0 : 1;
      }
    } finally {
      upstream.destroy();
    }
  }

  private boolean soak(GatewayProcess gateway, String key) throws Exception {
    say("ready after %.2f s", gateway.readySeconds());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    List<Long> memory = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < streams; i++) {
        long seed = i;
        all.add(threads.submit(() -> client(gateway.url(), key, seed, end)));
      }
      for (int i = 1; System.nanoTime() < end; i++) {
        Thread.sleep(Math.min(1000, Math.max(1, (end - System.nanoTime()) / 1_000_000)));
        memory.add(gateway.residentMib());
        if (i % 60 == 0) {
          say("%d min: %d MiB, %d answers", i / 60, memory.getLast(), whole.get());
        }
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
    say(
        "%d streams at once: %d answers, %d clients left, %.0f us of processor time each",
        streams,
        whole.get(),
        left.get(),
        1e6 * gateway.cpuSeconds() / Math.max(1, whole.get() + left.get()));
    String problem = failure.get();
    if (problem != null) {
      say("FAILED: %s", problem);
    }
    return flat(memory) & nothingLeft(gateway) & problem == null;
  }

  private void client(URI url, String key, long seed, long end) {
    SplittableRandom random = new SplittableRandom(seed);
    @Nullable StreamClient client = null;
    try {
      while (System.nanoTime() < end) {
        if (client == null) {
          client = new StreamClient(url, "m", StreamClient.bearer(key), 500);
        }
        if (random.nextDouble() < leave) {
          client.leave(random.nextInt(events));
          client = null;
          left.incrementAndGet();
        } else {
          client.ask();
          whole.incrementAndGet();
        }
      }
      if (client != null) {
        client.close();
      }
    } catch (IOException e) {
      failure.compareAndSet(null, e.toString());
    }
  }

  /** Memory of the last quarter against that of the second. */
  private boolean flat(List<Long> memory) {
    if (memory.size() < 8) {
      return true;
    }
    int quarter = memory.size() / 4;
    long before = most(memory.subList(quarter, 2 * quarter));
    long after = most(memory.subList(3 * quarter, memory.size()));
    boolean flat = after <= GROWTH * before + ROOM_MIB;
    say("memory: %d MiB in the second quarter, %d MiB in the last%s", before, after, mark(flat));
    return flat;
  }

  private static long most(List<Long> values) {
    return values.stream().mapToLong(v -> v).max().orElse(0);
  }

  private boolean nothingLeft(GatewayProcess gateway) throws IOException, InterruptedException {
    long active = -1;
    long held = -1;
    long upstream = -1;
    // Sessions of administrators end by themselves long before an hour is over.
    gateway.signIn();
    String budget = gateway.admin("GET", "/budgets", null).at("/data/0/id").asString("");
    for (int i = 0; i < 10 * IDLE_SECONDS && active + held + upstream != 0; i++) {
      Thread.sleep(100);
      // The request that asks is one.
      active = gateway.admin("GET", "/overview", null).path("active_requests").asLong(0) - 1;
      held =
          gateway
              .admin("GET", "/budgets/" + budget + "/state", null)
              .at("/data/0/held_nano")
              .asLong(0);
      upstream = gateway.admin("GET", "/backends", null).at("/data/0/active_requests").asLong(-1);
    }
    boolean ledger = gateway.admin("POST", "/ledger/verify", "{}").path("ok").asBoolean(false);
    boolean clean = active == 0 && held == 0 && upstream == 0 && ledger;
    say(
        "behind: %d requests, %d at the upstream, %d nano-USD held, ledger %s%s",
        active, upstream, held, ledger ? "right" : "WRONG", mark(clean));
    return clean;
  }

  private static String mark(boolean fine) {
    return fine ? "" : ": FAILED";
  }

  private void say(String format, Object... values) {
    spec.commandLine().getOut().println(format.formatted(values));
  }
}
