package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.server.http.HttpServerKind;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Clients that go away, wait or are slow. */
class ConnectionsTest {
  /** A request that does not end by itself. */
  static String endless(TestServer server, String more) {
    String bias =
        server.served.chatStops().stream()
            .map(id -> "'" + id + "':-100")
            .collect(java.util.stream.Collectors.joining(","));
    return ("{'model':'tiny','logit_bias':{"
            + bias
            + "},'messages':[{'role':'user','content':'hi'}]"
            + more
            + "}")
        .replace('\'', '"');
  }

  private static final int CONTEXT = 200_000;

  private static ServerLimits limits(Duration keepAlive, Duration slow) {
    return new ServerLimits(1 << 20, null, keepAlive, slow, Duration.ofSeconds(5));
  }

  static Socket post(TestServer server, String body) throws Exception {
    return post(new Socket(), server, body);
  }

  /** For answers that are not read: a small buffer is full after few tokens. */
  static Socket unread(TestServer server, String body) throws Exception {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    return post(socket, server, body);
  }

  private static Socket post(Socket socket, TestServer server, String body) throws Exception {
    socket.connect(new InetSocketAddress("127.0.0.1", server.server.port()));
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            + "content-length: "
            + bytes.length
            + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
    return socket;
  }

  private static void awaitRunning(TestServer server) throws InterruptedException {
    long end = System.nanoTime() + TestServer.PATIENCE.toNanos();
    while (server.running() == 0) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
  }

  @Test
  void aClientThatGoesAwayEndsItsRequest() throws Exception {
    try (TestServer server = new TestServer(null, ServerLimits.DEFAULT, CONTEXT, 4)) {
      // The JDK's server notices when it writes, so whole answers are computed to their end.
      List<String> streams =
          TestServer.HTTP == HttpServerKind.JDK ? List.of("true") : List.of("true", "false");
      for (String stream : streams) {
        Socket socket = post(server, endless(server, ",'max_tokens':100000,'stream':" + stream));
        awaitRunning(server);
        socket.close();
        server.awaitIdle();
      }
      long end = System.nanoTime() + TestServer.PATIENCE.toNanos();
      while (server.log.size() < streams.size() && System.nanoTime() < end) {
        Thread.sleep(10);
      }
      assertThat(server.log).hasSize(streams.size()).allMatch(l -> l.contains("client_closed"));
    }
  }

  @Test
  void aClientThatDoesNotReadIsDropped() throws Exception {
    try (TestServer server =
            new TestServer(
                null, limits(Duration.ofSeconds(10), Duration.ofSeconds(1)), CONTEXT, 4);
        Socket socket =
            unread(
                server,
                endless(
                    server,
                    ",'max_tokens':100000,'stream':true,'logprobs':true,'top_logprobs':20"))) {
      assertThat(socket.getInputStream().read()).isPositive();
      awaitRunning(server);
      // Another client is served meanwhile.
      assertThat(
              server
                  .post(
                      "/v1/chat/completions",
                      "{'model':'tiny','max_tokens':2,'messages':[{'role':'user','content':'x'}]}")
                  .statusCode())
          .isEqualTo(200);
      server.awaitIdle();
    }
  }

  @Test
  void drainingLetsRunningRequestsFinish() throws Exception {
    try (TestServer server = new TestServer(null, ServerLimits.DEFAULT, 4096, 4)) {
      String ask = endless(server, ",'max_tokens':150");
      CompletableFuture<HttpResponse<String>> running =
          CompletableFuture.supplyAsync(() -> server.post("/v1/chat/completions", ask));
      awaitRunning(server);
      CompletableFuture<Boolean> drained =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return server.server.drain(TestServer.PATIENCE);
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      while (server.get("/readyz").statusCode() != 503) {
        Thread.sleep(5);
      }
      HttpResponse<String> late = server.post("/v1/messages", ask);
      assertThat(late.statusCode()).isEqualTo(529);
      assertThat(late.headers().firstValue("retry-after")).isPresent();
      assertThat(running.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(drained.get(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void silentStreamsShowThatTheyLive() throws Exception {
    try (TestServer server =
        new TestServer(null, limits(Duration.ofMillis(50), Duration.ofSeconds(60)), 8192, 8)) {
      // A long prompt takes its time; the engine of this test has one thread.
      String prompt = "abc ".repeat(1000);
      for (String path : new String[] {"/v1/chat/completions", "/v1/messages", "/v1/responses"}) {
        String body =
            "{'model':'tiny','max_tokens':1,'stream':true,'input':'P','messages':[{'role':'user','content':'P'}]}"
                .replace("'P'", "'" + path + prompt + "'");
        String answer =
            server
                .post(
                    path,
                    body.replace(
                        "'max_tokens'",
                        path.endsWith("responses") ? "'max_output_tokens'" : "'max_tokens'"))
                .body();
        assertThat(answer)
            .as(path)
            .contains(path.equals("/v1/messages") ? "event: ping" : ": keep-alive");
      }
    }
  }

  @Test
  void whatIsNoHttpGetsAnErrorAndNothingBreaks() throws Exception {
    try (TestServer server = new TestServer()) {
      for (String garbage :
          new String[] {
            "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u0016\u0003\u0001"
          }) {
        try (Socket socket = new Socket("127.0.0.1", server.server.port())) {
          socket.setSoTimeout(5000);
          socket.getOutputStream().write(garbage.getBytes(StandardCharsets.ISO_8859_1));
          socket.shutdownOutput();
          InputStream in = socket.getInputStream();
          assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).doesNotContain("java.");
        }
      }
      assertThat(server.get("/healthz").body()).isEqualTo("ok\n");
    }
  }
}
