package io.hadal.server.routing.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UpstreamClientTest {
  /** A script of it closes the connection. */
  private static final String CLOSE = "close";

  private static final String OK = "HTTP/1.1 200 OK\r\n";

  private final Peer peer = new Peer();
  private final UpstreamClient client =
      new UpstreamClient(
          URI.create("http://127.0.0.1:" + peer.server.getLocalPort()), Duration.ofSeconds(5));

  /** Sends the pieces of a script, one script for each request of a connection. */
  private static final class Peer implements AutoCloseable {
    final ServerSocket server;
    final List<String> heads = new CopyOnWriteArrayList<>();
    final List<Socket> sockets = new CopyOnWriteArrayList<>();

    /** Pieces, with pauses between them; one list for each request. */
    final List<List<String>> scripts = new CopyOnWriteArrayList<>();

    /** Closes behind each answer without a word of it. */
    volatile boolean hangsUp;

    Peer() {
      try {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
      Thread.ofVirtual().start(this::accept);
    }

    private void accept() {
      while (true) {
        try {
          Socket socket = server.accept();
          sockets.add(socket);
          Thread.ofVirtual().start(() -> serve(socket));
        } catch (IOException e) {
          return;
        }
      }
    }

    private void serve(Socket socket) {
      try (socket) {
        InputStream in = socket.getInputStream();
        while (true) {
          StringBuilder head = new StringBuilder();
          while (head.indexOf("\r\n\r\n") < 0) {
            int c = in.read();
            if (c < 0) {
              return;
            }
            head.append((char) c);
          }
          heads.add(head.toString());
          List<String> script = scripts.size() > 1 ? scripts.removeFirst() : scripts.getFirst();
          if (script.contains(CLOSE)) {
            return;
          }
          OutputStream out = socket.getOutputStream();
          for (String piece : script) {
            out.write(piece.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            Thread.sleep(2);
          }
          if (hangsUp) {
            return;
          }
        }
      } catch (IOException | InterruptedException e) {
        // The client has gone away.
      }
    }

    @Override
    public void close() {
      try {
        server.close();
        for (Socket socket : sockets) {
          socket.close();
        }
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @AfterEach
  void close() {
    client.close();
    peer.close();
  }

  private OutgoingRequest request() {
    return new OutgoingRequest(
        "GET", URI.create("http://127.0.0.1:" + peer.server.getLocalPort() + "/a%20b?c=d"));
  }

  private String ask(String... pieces) throws IOException {
    peer.scripts.clear();
    peer.scripts.add(List.of(pieces));
    try (UpstreamCall call = client.call(request(), Duration.ofSeconds(5))) {
      UpstreamAnswer answer = call.send();
      return answer.status()
          + " "
          + new String(answer.body().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void bodiesOfEveryLengthAreReadAndConnectionsKept() throws Exception {
    assertThat(ask(OK + "content-length: 3\r\n\r\nabc")).isEqualTo("200 abc");
    assertThat(ask(OK + "Content-Length:0\r\n\r\n")).isEqualTo("200 ");
    assertThat(ask("HTTP/1.1 204 No Content\r\n\r\n")).isEqualTo("204 ");
    assertThat(ask("HTTP/1.1 100 Continue\r\n\r\n" + OK + "content-length: 1\r\n\r\nx"))
        .isEqualTo("200 x");
    assertThat(
            ask(
                OK
                    + "transfer-encoding: chunked\r\n\r\n"
                    + "3\r\n"
                    + "abc\r\n"
                    + "A;x=y\r\n"
                    + "0123456789\r\n"
                    + "0\r\n\r\n"))
        .isEqualTo("200 abc0123456789");
    assertThat(ask(OK + "transfer-encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nt: 1\r\n\r\n"))
        .isEqualTo("200 a");
    assertThat(peer.sockets).hasSize(1);
    assertThat(client.idle()).isOne();
    assertThat(client.running()).isZero();
    // Those that end are not kept.
    assertThat(ask(OK + "connection: close\r\ncontent-length: 1\r\n\r\na")).isEqualTo("200 a");
    assertThat(client.idle()).isZero();
    peer.hangsUp = true;
    assertThat(ask(OK + "\r\nuntil the end")).isEqualTo("200 until the end");
    assertThat(ask("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na")).isEqualTo("200 a");
    assertThat(client.idle()).isZero();
    assertThat(peer.heads.getFirst())
        .startsWith("GET /a%20b?c=d HTTP/1.1\r\nhost: 127.0.0.1:" + peer.server.getLocalPort())
        .doesNotContain("content-length");
  }

  @Test
  void chunksMayBeCutAnywhere() throws Exception {
    Random random = new Random(7);
    for (int round = 0; round < 40; round++) {
      StringBuilder body = new StringBuilder();
      StringBuilder wire = new StringBuilder(OK + "transfer-encoding: chunked\r\n\r\n");
      for (int i = random.nextInt(4); i >= 0; i--) {
        String chunk = "x".repeat(1 + random.nextInt(40));
        body.append(chunk);
        wire.append(Integer.toHexString(chunk.length()))
            .append("\r\n")
            .append(chunk)
            .append("\r\n");
      }
      wire.append("0\r\n\r\n");
      List<String> pieces = new ArrayList<>();
      int from = 0;
      while (from < wire.length()) {
        int to = Math.min(wire.length(), from + 1 + random.nextInt(60));
        pieces.add(wire.substring(from, to));
        from = to;
      }
      assertThat(ask(pieces.toArray(String[]::new))).isEqualTo("200 " + body);
    }
    assertThat(peer.sockets).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbroken\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ncontent-length: 9999999999999999999\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
      })
  void whatIsNoAnswerIsAnError(String wire) {
    peer.hangsUp = true;
    assertThatThrownBy(() -> ask(wire)).isInstanceOf(IOException.class);
    assertThat(client.idle()).isZero();
    assertThat(client.running()).isZero();
  }

  @Test
  void headersWithoutEndAreAnError() {
    peer.hangsUp = true;
    String line = "a: " + "b".repeat(1000) + "\r\n";
    assertThatThrownBy(() -> ask(OK + line.repeat(400))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> ask(OK + "b".repeat(100_000))).isInstanceOf(IOException.class);
  }

  @Test
  void aConnectionThatTheUpstreamHasClosedIsReplaced() throws Exception {
    String answer = OK + "content-length: 1\r\n\r\na";
    ask(answer);
    peer.sockets.getFirst().close();
    assertThat(ask(answer)).isEqualTo("200 a");
    assertThat(peer.sockets).hasSize(2);
    // It closes when it sees the second request: that may be sent again, nothing was heard.
    peer.scripts.clear();
    peer.scripts.add(List.of(CLOSE));
    peer.scripts.add(List.of(answer));
    try (UpstreamCall call = client.call(request())) {
      assertThat(call.send().status()).isEqualTo(200);
    }
    assertThat(peer.sockets).hasSize(3);
    assertThat(peer.heads).hasSize(4);
  }

  @Test
  void anotherThreadEndsItAtAnyTime() throws Exception {
    peer.scripts.add(List.of(OK + "content-length: 5\r\n\r\na"));
    try (UpstreamCall call = client.call(request())) {
      InputStream body = call.send().body();
      assertThat(body.read()).isEqualTo('a');
      CountDownLatch reading = new CountDownLatch(1);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  reading.await();
                  TimeUnit.MILLISECONDS.sleep(20);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                call.close();
              });
      reading.countDown();
      assertThatThrownBy(body::read).isInstanceOf(IOException.class);
    }
    UpstreamCall cancelled = client.call(request());
    cancelled.close();
    assertThatThrownBy(cancelled::send).isInstanceOf(IOException.class);
    assertThat(client.running()).isZero();
    assertThat(client.idle()).isZero();
  }

  @Test
  void patienceEnds() {
    peer.scripts.add(List.of());
    try (UpstreamCall call = client.call(request(), Duration.ofMillis(50))) {
      assertThatThrownBy(call::send).isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void nothingIsKeptOnceItIsRetired() throws Exception {
    ask(OK + "content-length: 1\r\n\r\na");
    client.retire();
    assertThat(client.idle()).isZero();
    assertThat(ask(OK + "content-length: 1\r\n\r\na")).isEqualTo("200 a");
    assertThat(client.idle()).isZero();
    assertThat(peer.sockets).hasSize(2);
  }

  @Test
  void aHeaderIsNeverTwo() {
    OutgoingRequest request = request();
    assertThatThrownBy(() -> request.header("a", "b\r\nc: d"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> request.header("a b", "c"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
