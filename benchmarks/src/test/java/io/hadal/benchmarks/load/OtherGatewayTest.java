package io.hadal.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** How another gateway is named and asked. */
class OtherGatewayTest {
  @Command
  private static final class Options {
    @CommandLine.Mixin private final OtherGateway other = new OtherGateway();
  }

  private static OtherGateway parsed(String... args) {
    Options options = new Options();
    new CommandLine(options).parseArgs(args);
    return options.other;
  }

  @Test
  void itsHeadersNameTheUpstream() throws Exception {
    OtherGateway other =
        parsed("--other-header", "x-host: {upstream}/v1", "--other-header", "authorization: any");
    List<String> headers = other.headers(URI.create("http://127.0.0.1:9"));
    assertThat(headers).containsExactly("x-host: http://127.0.0.1:9/v1", "authorization: any");

    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      URI url = URI.create("http://127.0.0.1:" + server.getLocalPort());
      try (StreamClient client = new StreamClient(url, "m", headers, 10);
          Socket accepted = server.accept()) {
        CompletableFuture<Boolean> failed =
            CompletableFuture.supplyAsync(
                () -> {
                  try {
                    client.ask();
                    return false;
                  } catch (java.io.IOException e) {
                    return true;
                  }
                });
        byte[] head = accepted.getInputStream().readNBytes(150);
        accepted.close();
        assertThat(failed.join()).isTrue();
        assertThat(new String(head, StandardCharsets.UTF_8))
            .startsWith("POST /v1/chat/completions HTTP/1.1\r\n")
            .contains("\r\nx-host: http://127.0.0.1:9/v1\r\nauthorization: any\r\n");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "https://127.0.0.1:1, a: b, 'must be http://HOST:PORT'",
    "http://127.0.0.1, a: b, 'must be http://HOST:PORT'",
    "http://127.0.0.1:1, nonsense, 'must be ''NAME: VALUE'''",
    "http://127.0.0.1:1, a: b, 'does not answer'",
  })
  void slipsAreNamed(String url, String header, String message) {
    StringWriter said = new StringWriter();
    CommandLine command = new CommandLine(new Overhead()).setErr(new PrintWriter(said, true));
    int exit = command.execute("--other", url, "--other-header", header);
    assertThat(exit).isEqualTo(2);
    assertThat(said.toString()).contains(message);
  }
}
