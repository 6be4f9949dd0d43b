package io.hadal.benchmarks.load;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A gateway of others, which runs already and is measured in turns with ours. */
final class OtherGateway {
  @Option(
      names = "--other",
      paramLabel = "URL",
      description = "Another gateway that runs already, measured in turns with ours.")
  private @Nullable URI url;

  @Option(
      names = "--other-header",
      paramLabel = "'NAME: VALUE'",
      description =
          "Header of requests to it; {upstream} in it becomes the address of the upstream. May be"
              + " repeated.")
  private List<String> headers = new ArrayList<>();

  @Option(
      names = "--other-pid",
      paramLabel = "PID",
      description = "Its process, whose processor time and memory are printed.")
  private long pid;

  @Nullable URI url() {
    return url;
  }

  /** Headers of requests that it is to send to an upstream. */
  List<String> headers(URI upstream) {
    return headers.stream().map(h -> h.replace("{upstream}", upstream.toString())).toList();
  }

  /**
   * What is wrong with the options, or null.
   *
   * @param address {@link #url()}
   */
  @Nullable String fault(URI address) {
    if (!"http".equals(address.getScheme()) || address.getHost() == null || address.getPort() < 0) {
      return "--other " + address + " must be http://HOST:PORT";
    }
    for (String header : headers) {
      if (!header.matches("[A-Za-z0-9-]+: *\\P{Cntrl}+")) {
        return "--other-header '" + header + "' must be 'NAME: VALUE'";
      }
    }
    if (pid != 0 && ProcessHandle.of(pid).isEmpty()) {
      return "--other-pid " + pid + ": there is no such process";
    }
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      return socket.isConnected() ? null : "--other " + address + " does not answer";
    } catch (IOException e) {
      return "--other " + address + " does not answer: " + e.getMessage();
    }
  }

  /** Processor time of its process so far, seconds; empty when that is not known. */
  OptionalDouble cpuSeconds() {
    return ProcessHandle.of(pid)
        .flatMap(p -> p.info().totalCpuDuration())
        .map(Duration::toNanos)
        .map(nanos -> OptionalDouble.of(nanos / 1e9))
        .orElse(OptionalDouble.empty());
  }

  /** Memory in use by its process, MiB; 0 where that is not known. */
  long residentMib() {
    return pid == 0 ? 0 : GatewayProcess.residentMib(pid);
  }
}
