package io.hadal.server.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class HelidonListenerTest {
  private static final String GET = "GET / HTTP/1.1\r\nhost: x\r\n";

  private static HelidonListener listen(Duration headPatience) {
    return HelidonListener.start(
        new ListenerOptions("127.0.0.1", 0, 64, null, null, HttpServerKind.HELIDON),
        exchange -> {
          byte[] body = exchange.body(1000);
          exchange.send(200, "text/plain", body == null ? new byte[0] : body);
        },
        "no HTTP".getBytes(ISO_8859_1),
        headPatience);
  }

  private static Socket connect(HelidonListener listener) throws IOException {
    Socket socket = new Socket("127.0.0.1", listener.port());
    socket.setSoTimeout(5000);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
  }

  private static String answer(Socket socket) throws IOException {
    byte[] bytes = new byte[1000];
    int n = socket.getInputStream().read(bytes);
    return n < 0 ? "" : new String(bytes, 0, n, ISO_8859_1);
  }

  @Test
  void aHeadMayNotTakeForEver() throws Exception {
    try (HelidonListener listener = listen(Duration.ofMillis(300));
        Socket slow = connect(listener);
        Socket usual = connect(listener)) {
      send(slow, GET);
      long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
      boolean closed = false;
      for (int i = 0; !closed && System.nanoTime() < end; i++) {
        Thread.sleep(100);
        try {
          send(slow, "x-" + i + ": y\r\n");
        } catch (IOException e) {
          closed = true;
        }
      }
      assertThat(closed).as("closed, though it sends on and on").isTrue();
      // Between two requests, and in a body, it is no head that is waited for.
      for (int i = 0; i < 2; i++) {
        send(usual, GET + "content-length: 4\r\n\r\nab");
        Thread.sleep(800);
        send(usual, "cd");
        assertThat(answer(usual)).startsWith("HTTP/1.1 200").endsWith("abcd");
        Thread.sleep(800);
      }
    }
  }

  @Test
  void whatIsNoRequestLeavesNothingInTheLog() throws Exception {
    List<LogRecord> records = new CopyOnWriteArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            records.add(entry);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger helidon = Logger.getLogger("io.helidon");
    helidon.addHandler(handler);
    try (HelidonListener listener = listen(Duration.ofSeconds(30))) {
      for (String text :
          List.of(
              "G\u0000T / HTTP/1.1\r\nhost: x\r\n\r\n",
              GET,
              GET + "x: y",
              "GET / HT",
              "\u0016\u0003")) {
        try (Socket socket = connect(listener)) {
          send(socket, text);
          socket.shutdownOutput();
          assertThat(answer(socket)).doesNotContain("java.");
        }
      }
      try (Socket socket = connect(listener)) {
        send(socket, GET + "\r\n");
        assertThat(answer(socket)).startsWith("HTTP/1.1 200");
      }
    } finally {
      helidon.removeHandler(handler);
    }
    assertThat(records).isEmpty();
  }
}
