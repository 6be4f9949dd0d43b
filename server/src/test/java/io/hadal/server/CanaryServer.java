package io.hadal.server;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.hadal.platform.DataFolder;
import io.hadal.platform.node.Platform;
import io.hadal.platform.node.PlatformOptions;
import io.hadal.server.telemetry.Tracing;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;

/**
 * A server with a platform in a process of its own, whose memory can be looked through. Arguments:
 * folder, configuration, collector of traces. It says its port and password, then does what it is
 * told, line by line.
 */
final class CanaryServer {
  /** Stays in memory, so that a dump without it shows nothing. Nowhere whole in this class. */
  private static final StringBuilder CONTROL = new StringBuilder("CONTROL-");

  private CanaryServer() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    CONTROL.append("IN-").append("MEMORY");
    ServeConfig config = ServeConfig.read(Path.of(arguments[1]));
    try (Platform platform =
            Platform.open(PlatformOptions.in(new DataFolder(folder.resolve("data"))), line -> {});
        TestServer server = TestServer.with(PlatformWiring.access(platform, false));
        Tracing tracing =
            Objects.requireNonNull(
                Tracing.of(
                    config.telemetry(),
                    Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", arguments[2]),
                    "1.2.3"))) {
      server.server.tracing(tracing);
      server.server.routing(config.routing());
      say(server.server.port() + " " + Objects.requireNonNull(platform.firstPassword()).reveal());
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.equals("settle")) {
          server.awaitIdle();
          platform.journal().flush(Duration.ofSeconds(20));
          tracing.flush();
          Files.write(folder.resolve("access.log"), server.log);
        } else {
          dump(Path.of(line));
        }
        say("done");
      }
    }
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  /** Objects that are alive. */
  private static void dump(Path file) throws IOException {
    if (CONTROL.isEmpty()) {
      throw new IllegalStateException("nothing to find");
    }
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpHeap(file.toString(), true);
  }
}
