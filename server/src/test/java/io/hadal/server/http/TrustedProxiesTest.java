package io.hadal.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.platform.keys.AddressRange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who is said to call by what stands in front of the server. */
class TrustedProxiesTest {
  private static final TrustedProxies NEAR =
      proxies(false, "127.0.0.0/8", "10.0.0.0/8", "fd00::/8");

  private static TrustedProxies proxies(boolean protocol, String... ranges) {
    return new TrustedProxies(List.of(ranges).stream().map(AddressRange::parse).toList(), protocol);
  }

  @Test
  void theLastAddressThatIsNoProxyOfOursCalls() {
    String[][] cases = {
      // peer, header, client
      {"127.0.0.1", null, "127.0.0.1"},
      {"127.0.0.1", "203.0.113.9", "203.0.113.9"},
      {"127.0.0.1", "203.0.113.9:4711", "203.0.113.9"},
      {"127.0.0.1", "[2001:db8::9]:4711", "2001:db8:0:0:0:0:0:9"},
      {"127.0.0.1", "2001:db8::9", "2001:db8:0:0:0:0:0:9"},
      {"fd00:0:0:0:0:0:0:1%eth0", "203.0.113.9", "203.0.113.9"},
      // What clients invent stands before what proxies append.
      {"127.0.0.1", "10.9.9.9, 198.51.100.7 ,203.0.113.9", "203.0.113.9"},
      {"127.0.0.1", "198.51.100.7, 203.0.113.9, 10.1.2.3", "203.0.113.9"},
      {"127.0.0.1", "10.0.0.2,10.0.0.1", "10.0.0.2"},
      {"127.0.0.1", "localhost, 10.0.0.1", "10.0.0.1"},
      {"127.0.0.1", "unknown", "127.0.0.1"},
      {"127.0.0.1", "", "127.0.0.1"},
      {"127.0.0.1", ",,", "127.0.0.1"},
      {"127.0.0.1", ":", "127.0.0.1"},
      {"127.0.0.1", "]:1", "127.0.0.1"},
      // Nobody else is believed.
      {"198.51.100.7", "203.0.113.9", "198.51.100.7"},
    };
    for (String[] row : cases) {
      assertThat(NEAR.client(row[0], row[1])).as(row[1] + " from " + row[0]).isEqualTo(row[2]);
    }
    assertThat(TrustedProxies.NONE.client("127.0.0.1", "203.0.113.9")).isEqualTo("127.0.0.1");
    assertThatThrownBy(() -> proxies(true)).hasMessageContaining("listen.trusted_proxies");
  }

  /** Asks for the address that the server sees. */
  private static String ask(int port, byte[] before, String header) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(10_000);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes(before);
      String request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" + header + "\r\n";
      out.writeBytes(request.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(out.toByteArray());
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      return answer.startsWith("HTTP/1.1 200")
          ? answer.substring(answer.indexOf("\r\n\r\n") + 4)
          : answer.lines().findFirst().orElse("");
    }
  }

  private static HttpListener listen(HttpServerKind kind, TrustedProxies proxies) {
    ListenerOptions options = new ListenerOptions("127.0.0.1", 0, 64, null, null, kind, proxies);
    HttpHandler handler =
        exchange ->
            exchange.send(200, "text/plain", exchange.peer().getBytes(StandardCharsets.US_ASCII));
    return kind == HttpServerKind.JDK
        ? JdkListener.start(options, handler)
        : HelidonListener.start(options, handler, new byte[0]);
  }

  @Test
  void bothServersTakeTheAddressFromTheHeader() throws Exception {
    byte[] nothing = {};
    for (HttpServerKind kind : HttpServerKind.values()) {
      try (HttpListener listener = listen(kind, NEAR)) {
        String two = "x-forwarded-for: 198.51.100.7\r\nx-forwarded-for: 203.0.113.9\r\n";
        assertThat(ask(listener.port(), nothing, two)).as(kind + "").isEqualTo("203.0.113.9");
        assertThat(ask(listener.port(), nothing, "")).as(kind + "").isEqualTo("127.0.0.1");
      }
      try (HttpListener listener = listen(kind, proxies(false, "10.0.0.0/8"))) {
        assertThat(ask(listener.port(), nothing, "x-forwarded-for: 203.0.113.9\r\n"))
            .as(kind + "")
            .isEqualTo("127.0.0.1");
      }
    }
  }

  private static byte[] line(String text) {
    return (text + "\r\n").getBytes(StandardCharsets.US_ASCII);
  }

  /** Version 2: a connection over IPv4, for a client at 203.0.113.9. */
  private static byte[] version2() {
    byte[] addresses = {(byte) 203, 0, 113, 9, 10, 0, 0, 1, 0x12, 0x34, 1, (byte) 187};
    return version2(0x21, 0x11, addresses);
  }

  private static byte[] version2(int command, int family, byte[] addresses) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10});
    out.writeBytes(new byte[] {(byte) command, (byte) family, 0, (byte) addresses.length});
    out.writeBytes(addresses);
    return out.toByteArray();
  }

  @Test
  void connectionsBeginWithTheProxyProtocol() throws Exception {
    byte[] version1 = line("PROXY TCP4 203.0.113.9 10.0.0.1 4711 443");
    try (HttpListener listener =
        listen(HttpServerKind.HELIDON, proxies(true, "127.0.0.0/8", "10.0.0.0/8"))) {
      int port = listener.port();
      assertThat(ask(port, version1, "")).isEqualTo("203.0.113.9");
      assertThat(ask(port, version2(), "")).isEqualTo("203.0.113.9");
      assertThat(ask(port, line("PROXY TCP6 2001:db8::9 fd00::1 4711 443"), ""))
          .isEqualTo("2001:db8:0:0:0:0:0:9");
      // A balancer that calls for itself, to see whether somebody is there.
      assertThat(ask(port, version2(0x20, 0, new byte[0]), "")).isEqualTo("127.0.0.1");
      // A client behind a balancer cannot say that it is another one, a proxy behind it can.
      String header = "x-forwarded-for: 198.51.100.7\r\n";
      assertThat(ask(port, version1, header)).isEqualTo("203.0.113.9");
      assertThat(ask(port, line("PROXY TCP4 10.0.0.5 10.0.0.1 4711 443"), header))
          .isEqualTo("198.51.100.7");
      assertThatThrownBy(() -> ask(port, new byte[0], "")).isInstanceOf(SocketException.class);
    }
    try (HttpListener listener = listen(HttpServerKind.HELIDON, proxies(true, "10.0.0.0/8"))) {
      assertThat(ask(listener.port(), version1, "")).isEqualTo("127.0.0.1");
    }
  }
}
