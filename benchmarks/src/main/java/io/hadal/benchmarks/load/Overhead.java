package io.hadal.benchmarks.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * What a gateway adds to a routed request: the same streams are asked for directly, through a
 * gateway, and through a gateway with the platform, in turns, so that what else the machine does
 * meets all alike. Upstream, gateways and clients are processes of their own.
 */
@Command(
    name = "overhead",
    mixinStandardHelpOptions = true,
    description = {
      "Measures what the gateway adds to routed streams, with and without the platform.",
      "Starts an upstream that answers after a fixed time and two gateways before it. Times are"
          + " percentiles of the gateway less those of the upstream alone.",
      "--other measures a gateway of others in turns with them."
    })
public final class Overhead implements Callable<Integer> {
  private static final int PROMPT = 2000;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private GatewayOptions gateways = new GatewayOptions();

  @Mixin private OtherGateway other = new OtherGateway();

  @Option(
      names = "--upstream-port",
      paramLabel = "PORT",
      description =
          "First port of the upstreams, of which there is one for the warm-up and then one for each"
              + " number of streams; their models are m0, m1 and so on. For another gateway that"
              + " must know them beforehand. Default: any that is free.")
  private int upstreamPort;

  @Option(
      names = "--streams",
      split = ",",
      paramLabel = "N",
      description = "Streams at once. Default: 1,64,512.")
  private List<Integer> streams = List.of(1, 64, 512);

  @Option(
      names = "--delay",
      paramLabel = "MS",
      description =
          "Least time of the upstream to its first event, in milliseconds; for n streams it is at"
              + " least 2 n, so that there are 500 requests a second and no queue. Default: 20.")
  private int delay = 20;

  @Option(
      names = "--gap",
      paramLabel = "US",
      description = "Time between two events, in microseconds. Default: 1000.")
  private int gap = 1000;

  @Option(names = "--events", paramLabel = "N", description = "Events of an answer. Default: 16.")
  private int events = 16;

  @Option(names = "--seconds", paramLabel = "S", description = "Length of a round. Default: 4.")
  private int seconds = 4;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Rounds of each kind behind the warm-up. Default: 5.")
  private int rounds = 5;

  @Option(
      names = "--warm-up",
      paramLabel = "S",
      description = "Seconds of full load on each gateway before. Default: 20.")
  private int warmUp = 20;

  /** One of the ways to the upstreams; the headers are those for one of them. */
  private record Way(
      String name,
      URI url,
      Function<URI, List<String>> headers,
      Supplier<OptionalDouble> cpu,
      LongSupplier residentMib) {
    static Way of(String name, GatewayProcess gateway, List<String> headers) {
      return new Way(
          name,
          gateway.url(),
          upstream -> headers,
          () -> OptionalDouble.of(gateway.cpuSeconds()),
          gateway::residentMib);
    }
  }

  /** What was measured of one. */
  private static final class Figures {
    final Histogram first = new ConcurrentHistogram(TimeUnit.MINUTES.toNanos(5), 3);
    final Histogram last = new ConcurrentHistogram(TimeUnit.MINUTES.toNanos(5), 3);
    double seconds;
    double cpu;
  }

  /** Runs the command and ends the process. */
  public static void main(String[] args) {
    System.exit(run(args, new PrintWriter(System.out, true)));
  }

  static int run(String[] args, PrintWriter out) {
    return new CommandLine(new Overhead()).setOut(out).execute(args);
  }

  @Override
  public Integer call() throws Exception {
    URI address = other.url();
    String fault = address == null ? null : other.fault(address);
    if (fault != null) {
      throw new CommandLine.ParameterException(spec.commandLine(), fault);
    }
    try (GatewayOptions.WorkFolder folder = gateways.workFolder("overhead")) {
      Process upstream = upstream();
      try {
        measure(folder.path(), upstream.inputReader());
      } finally {
        upstream.destroy();
      }
    }
    return 0;
  }

  private int delayMillis(int count) {
    return Math.max(delay, 2 * count);
  }

  private Process upstream() throws IOException {
    List<Integer> delays = new ArrayList<>(List.of(1000 * delay));
    streams.forEach(count -> delays.add(1000 * delayMillis(count)));
    return FixedUpstream.process(upstreamPort, gap, events, delays);
  }

  private void measure(Path work, BufferedReader ports) throws Exception {
    List<URI> direct = new ArrayList<>();
    StringBuilder yaml = new StringBuilder("upstreams:\n");
    for (int i = 0; i <= streams.size(); i++) {
      direct.add(URI.create("http://127.0.0.1:" + ports.readLine()));
      yaml.append("  - {name: u%d, url: '%s', models: {m%d: m}}%n".formatted(i, direct.get(i), i));
    }
    Path config = Files.writeString(work.resolve("serve.yaml"), yaml.toString());
    say("fsync of %s after 400 bytes: %s", work, micros(fsync(work.resolve("fsync")), null));
    try (GatewayProcess plain = new GatewayProcess(gateways.hadal(), work, config, false);
        GatewayProcess full = new GatewayProcess(gateways.hadal(), work, config, true)) {
      say(
          "ready after %.2f s without and %.2f s with the platform (its first start)",
          plain.readySeconds(), full.readySeconds());
      List<Way> ways = new ArrayList<>();
      ways.add(Way.of("gateway", plain, List.of()));
      ways.add(Way.of("with platform", full, StreamClient.bearer(full.key())));
      URI address = other.url();
      if (address != null) {
        ways.add(new Way("other", address, other::headers, other::cpuSeconds, other::residentMib));
      }
      for (Way way : ways) {
        round(way, direct.getFirst(), 0, 64, warmUp, new Figures());
      }
      say(
          "%n%-36s %17s %17s %20s",
          "added, microseconds", "first byte", "last byte", "CPU/request");
      for (int i = 0; i < streams.size(); i++) {
        compare(direct.get(i + 1), ways, i + 1, streams.get(i));
      }
      for (Way way : ways) {
        Figures most = new Figures();
        round(way, direct.getFirst(), 0, 512, 2 * seconds, most);
        long requests = most.last.getTotalCount();
        say(
            "most, %s: %,.0f requests/s with clients and upstream on the same cores; %s a second"
                + " and core of the gateway",
            way.name,
            requests / most.seconds,
            most.cpu > 0 ? "%,.0f".formatted(requests / most.cpu) : "an unknown number");
      }
      for (Way way : ways) {
        say("memory, %s: %d MiB", way.name, way.residentMib.getAsLong());
      }
    }
  }

  private void compare(URI direct, List<Way> gateways, int index, int count) throws Exception {
    List<Way> ways = new ArrayList<>();
    ways.add(new Way("direct", direct, upstream -> List.of(), OptionalDouble::empty, () -> 0));
    ways.addAll(gateways);
    List<Figures> all = ways.stream().map(way -> new Figures()).toList();
    for (int n = 0; n < rounds; n++) {
      for (int i = 0; i < ways.size(); i++) {
        round(ways.get(i), direct, index, count, seconds, all.get(i));
      }
    }
    Figures base = all.getFirst();
    for (int i = 1; i < ways.size(); i++) {
      Figures figures = all.get(i);
      long requests = figures.last.getTotalCount();
      say(
          "%-36s %17s %17s %17s us",
          "%d streams, %s, %.0f requests/s"
              .formatted(count, ways.get(i).name, requests / figures.seconds),
          micros(figures.first, base.first),
          micros(figures.last, base.last),
          figures.cpu > 0 ? "%.0f".formatted(1e6 * figures.cpu / requests) : "unknown");
    }
  }

  /** Median and 99th percentile, less those of another. */
  private static String micros(Histogram of, @Nullable Histogram less) {
    long[] values = new long[2];
    for (int i = 0; i < 2; i++) {
      double percentile = i == 0 ? 50 : 99;
      long base = less == null ? 0 : less.getValueAtPercentile(percentile);
      values[i] = (of.getValueAtPercentile(percentile) - base) / 1000;
    }
    return "p50 %d p99 %d".formatted(values[0], values[1]);
  }

  private void say(String format, Object... values) {
    spec.commandLine().getOut().println(format.formatted(values));
  }

  /** What a group commit of the journal cannot be faster than. */
  private static Histogram fsync(Path file) throws IOException {
    Histogram nanos = new Histogram(3);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int i = 0; i < 500; i++) {
        long start = System.nanoTime();
        channel.write(ByteBuffer.allocate(400));
        channel.force(false);
        nanos.recordValue(System.nanoTime() - start);
      }
    }
    return nanos;
  }

  /** So many clients, each asking again at once; they begin one after the other. */
  private void round(Way way, URI upstream, int index, int count, int length, Figures figures)
      throws Exception {
    List<StreamClient> clients = new ArrayList<>();
    List<String> headers = way.headers.apply(upstream);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < count; i++) {
        clients.add(new StreamClient(way.url, "m" + index, headers, PROMPT));
      }
      double cpu = way.cpu.get().orElse(0);
      long start = System.nanoTime();
      long end = start + TimeUnit.SECONDS.toNanos(length);
      int period = index == 0 ? delay : delayMillis(count);
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        StreamClient client = clients.get(i);
        long begin = TimeUnit.MICROSECONDS.toNanos(1000L * period * i / count);
        all.add(
            threads.submit(
                () -> {
                  TimeUnit.NANOSECONDS.sleep(begin);
                  while (System.nanoTime() < end) {
                    StreamClient.Times times = client.ask();
                    figures.first.recordValue(times.first());
                    figures.last.recordValue(times.last());
                  }
                  return null;
                }));
      }
      for (Future<?> future : all) {
        future.get();
      }
      figures.seconds += (System.nanoTime() - start) / 1e9;
      figures.cpu += way.cpu.get().orElse(0) - cpu;
    } finally {
      for (StreamClient client : clients) {
        client.close();
      }
    }
  }
}
