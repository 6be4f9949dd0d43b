package io.hadal.benchmarks.load;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * What a gateway adds to a routed request: the same streams are asked for directly and through it,
 * in turns, so that what else the machine does meets both.
 */
@Command(
    name = "overhead",
    mixinStandardHelpOptions = true,
    description = {
      "Starts an upstream that answers after a fixed time, and measures what a gateway before it"
          + " adds.",
      "The gateway needs a route of the model to http://127.0.0.1:PORT, such as: upstreams: [{name:"
          + " fixed, url: 'http://127.0.0.1:9099', models: {m: m}}]"
    })
public final class Overhead implements Callable<Integer> {
  private static final int ROUNDS = 4;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--gateway", required = true, paramLabel = "URL", description = "The gateway.")
  private URI gateway = URI.create("");

  @Option(
      names = "--upstream-port",
      paramLabel = "PORT",
      description = "Where the upstream listens. Default: 9099.")
  private int upstreamPort = 9099;

  @Option(names = "--model", paramLabel = "NAME", description = "Routed model. Default: m.")
  private String model = "m";

  @Option(
      names = "--streams",
      split = ",",
      paramLabel = "N",
      description = "Streams at once. Default: 1,64.")
  private List<Integer> streams = List.of(1, 64);

  @Option(
      names = "--delay",
      paramLabel = "MS",
      description = "Time of the upstream in milliseconds. Default: 20.")
  private int delay = 20;

  @Option(names = "--events", paramLabel = "N", description = "Pieces of an answer. Default: 16.")
  private int events = 16;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "Length of each of the rounds. Default: 5.")
  private int seconds = 5;

  /** Runs the command and ends the process. */
  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Overhead()).setOut(new PrintWriter(System.out, true)).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    try (FixedUpstream upstream =
            new FixedUpstream(upstreamPort, Duration.ofMillis(delay), events);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      URI direct = URI.create("http://127.0.0.1:" + upstream.port());
      for (int count : streams) {
        Histogram plain = new ConcurrentHistogram(3);
        Histogram routed = new ConcurrentHistogram(3);
        round(threads, direct, count, new ConcurrentHistogram(3));
        round(threads, gateway, count, new ConcurrentHistogram(3));
        double took = 0;
        for (int i = 0; i < ROUNDS; i++) {
          round(threads, direct, count, plain);
          took += round(threads, gateway, count, routed);
        }
        spec.commandLine()
            .getOut()
            .printf(
                "%d streams: direct p50 %d p99 %d us, gateway p50 %d p99 %d us, added p50 %d p99 %d"
                    + " us, %.0f requests/s%n",
                count,
                plain.getValueAtPercentile(50),
                plain.getValueAtPercentile(99),
                routed.getValueAtPercentile(50),
                routed.getValueAtPercentile(99),
                routed.getValueAtPercentile(50) - plain.getValueAtPercentile(50),
                routed.getValueAtPercentile(99) - plain.getValueAtPercentile(99),
                routed.getTotalCount() / took);
        spec.commandLine().getOut().flush();
      }
    }
    return 0;
  }

  /** Seconds it took. */
  private double round(ExecutorService threads, URI url, int count, Histogram micros)
      throws Exception {
    long start = System.nanoTime();
    long end = start + TimeUnit.SECONDS.toNanos(seconds);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(
          threads.submit(
              () -> {
                try (Socket socket = new Socket(url.getHost(), url.getPort())) {
                  socket.setTcpNoDelay(true);
                  InputStream in = new BufferedInputStream(socket.getInputStream(), 32 << 10);
                  OutputStream out = socket.getOutputStream();
                  byte[] request = request(url);
                  while (System.nanoTime() < end) {
                    long sent = System.nanoTime();
                    out.write(request);
                    out.flush();
                    read(in);
                    micros.recordValue((System.nanoTime() - sent) / 1000);
                  }
                }
                return null;
              }));
    }
    for (Future<?> future : all) {
      future.get();
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private byte[] request(URI url) {
    String body =
        "{\"model\":\""
            + model
            + "\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
            + "\"messages\":[{\"role\":\"user\",\"content\":\""
            + "Some words of a prompt. ".repeat(80)
            + "\"}]}";
    return ("POST /v1/chat/completions HTTP/1.1\r\nhost: "
            + url.getHost()
            + "\r\ncontent-type: application/json\r\ncontent-length: "
            + body.length()
            + "\r\n\r\n"
            + body)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Reads to the end of a chunked answer. */
  private static void read(InputStream in) throws IOException {
    String status = line(in);
    if (!status.contains(" 200")) {
      throw new IOException("the answer is " + status);
    }
    while (!line(in).isEmpty()) {
      // Headers are of no interest.
    }
    boolean done = false;
    int length = Integer.parseInt(line(in), 16);
    while (length > 0) {
      byte[] data = in.readNBytes(length);
      done |= new String(data, StandardCharsets.UTF_8).contains("[DONE]");
      line(in);
      length = Integer.parseInt(line(in), 16);
    }
    line(in);
    if (!done) {
      throw new IOException("an answer broke off");
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    int c = in.read();
    while (c != '\n') {
      if (c < 0) {
        throw new IOException("the connection broke off");
      }
      if (c != '\r') {
        line.append((char) c);
      }
      c = in.read();
    }
    return line.toString();
  }
}
