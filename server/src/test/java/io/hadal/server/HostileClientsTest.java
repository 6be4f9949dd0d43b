package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that leave at random or read slowly, and a disk that takes nothing. */
class HostileClientsTest {
  private static final int STREAMS = 50;

  @TempDir private Path folder = Path.of("");

  /** Reads a stream; every fifth one is left at a random point. */
  private static boolean read(TestServer server, int number) throws Exception {
    Random random = new Random(number);
    boolean leaves = number % 5 == 0;
    int most = leaves ? random.nextInt(30) : Integer.MAX_VALUE;
    String ask = ConnectionsTest.endless(server, ",'stream':true,'max_tokens':40");
    try (Socket socket = ConnectionsTest.post(server, ask)) {
      if (leaves && random.nextBoolean()) {
        // A reset instead of an orderly end.
        socket.setSoLinger(true, 0);
      }
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      for (int i = 0; i < most; i++) {
        String line = in.readLine();
        if (line == null) {
          return false;
        }
        if (line.equals("data: [DONE]")) {
          return true;
        }
      }
      return false;
    }
  }

  @Test
  void disconnectsLeaveNothingBehind() throws Exception {
    try (TestServer server = TestServer.withoutCache(ServerLimits.DEFAULT, 512, 100);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> streams = new ArrayList<>();
      for (int i = 0; i < STREAMS; i++) {
        int number = i;
        streams.add(threads.submit(() -> read(server, number)));
      }
      for (int i = 0; i < STREAMS; i++) {
        boolean whole = streams.get(i).get(60, TimeUnit.SECONDS);
        assertThat(whole).as("stream " + i).isEqualTo(i % 5 != 0);
      }
      server.awaitNothingLeft();
      // A request whose client was gone before it was read is not in the log.
      assertThat(server.log)
          .hasSizeBetween(STREAMS * 4 / 5, STREAMS)
          .noneMatch(l -> l.contains("internal_error"));
      assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aSlowReaderDelaysNobody() throws Exception {
    try (TestServer server = TestServer.withoutCache(ServerLimits.DEFAULT, 200_000, 16);
        Socket slow =
            ConnectionsTest.unread(
                server,
                ConnectionsTest.endless(
                    server,
                    ",'stream':true,'max_tokens':100000,'logprobs':true,'top_logprobs':20"))) {
      InputStream in = slow.getInputStream();
      Thread reader =
          Thread.startVirtualThread(
              () -> {
                try {
                  while (in.read() >= 0) {
                    Thread.sleep(1000);
                  }
                } catch (java.io.IOException | InterruptedException e) {
                  // The end of the test.
                }
              });
      // It runs until its buffers are full, and is left out then.
      long end = System.nanoTime() + TestServer.PATIENCE.toNanos();
      long before = -1;
      while (server.served.dispatcher().stats().generatedTokens() != before) {
        assertThat(System.nanoTime()).isLessThan(end);
        before = server.served.dispatcher().stats().generatedTokens();
        Thread.sleep(300);
      }
      long start = System.nanoTime();
      for (int i = 0; i < 5; i++) {
        HttpResponse<String> other =
            server.post(
                "/v1/chat/completions",
                ConnectionsTest.endless(server, ",'stream':true,'max_tokens':20"));
        assertThat(other.body()).contains("[DONE]");
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
      reader.interrupt();
      slow.close();
      server.awaitNothingLeft();
    }
  }

  /** Keeps what a logger says. */
  private static Handler keeping(List<String> messages) {
    return new Handler() {
      @Override
      public void publish(LogRecord entry) {
        messages.add(entry.getMessage());
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }

  /** The end of a call asks for the client's address, which a closed connection has no more. */
  @Test
  void aClientThatLeavesBeforeItsAnswerIsNoFault() throws Exception {
    List<String> said = Collections.synchronizedList(new ArrayList<>());
    Logger logger = Logger.getLogger("io.helidon");
    Handler handler = keeping(said);
    logger.addHandler(handler);
    try (TestServer server = TestServer.withoutCache(ServerLimits.DEFAULT, 512, 100)) {
      byte[] ask =
          "GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
              .getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < 200; i++) {
        try (Socket socket = new Socket("127.0.0.1", server.server.port())) {
          socket.setSoLinger(true, 0);
          socket.getOutputStream().write(ask);
        }
      }
      server.awaitNothingLeft();
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(said).noneMatch(line -> line.contains("Request failed"));
  }

  @Test
  void aDiskThatTakesNothingIsOneWarning() throws Exception {
    List<String> warnings = Collections.synchronizedList(new ArrayList<>());
    Logger logger = Logger.getLogger("hadal.engine");
    Handler handler = keeping(warnings);
    logger.addHandler(handler);
    Path prefixes = folder.resolve("prefixes");
    try (TestServer server = TestServer.withFolder(prefixes)) {
      // The folder is lost while the server runs.
      Files.delete(prefixes);
      Files.createFile(prefixes);
      for (int i = 0; i < 3; i++) {
        String ask = "{'model':'tiny','prompt':'" + "abc ".repeat(40) + i + "','max_tokens':2}";
        assertThat(server.post("/v1/completions", ask).statusCode()).isEqualTo(200);
        // Files are written after a second without work.
        Thread.sleep(1300);
      }
      HttpResponse<String> again =
          server.post(
              "/v1/completions",
              "{'model':'tiny','prompt':'" + "abc ".repeat(40) + "0','max_tokens':2}");
      assertThat(TestServer.json(again).at("/usage/prompt_tokens_details/cached_tokens").asInt(0))
          .isPositive();
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(warnings).hasSize(1).allMatch(w -> w.contains(prefixes.toString()));
  }
}
