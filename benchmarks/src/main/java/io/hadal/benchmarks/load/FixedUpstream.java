package io.hadal.benchmarks.load;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/** An upstream on bare sockets: after a fixed time it streams the same answer to everybody. */
final class FixedUpstream implements AutoCloseable {
  private static final int MOST_HEAD = 64 << 10;

  private final ServerSocket server;
  private final Duration delay;
  private final byte[] answer;

  /**
   * Listens from now on.
   *
   * @param port 0 for any
   * @param events pieces of the answer
   */
  FixedUpstream(int port, Duration delay, int events) throws IOException {
    this.delay = delay;
    this.answer = answer(events);
    this.server = new ServerSocket(port, 1024, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  private static byte[] answer(int events) {
    StringBuilder text =
        new StringBuilder(
            "HTTP/1.1 200 OK\r\n"
                + "content-type: text/event-stream\r\n"
                + "transfer-encoding: chunked\r\n\r\n");
    for (int i = 0; i < events; i++) {
      chunk(
          text,
          "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
              + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"},"
              + "\"logprobs\":null,\"finish_reason\":null}]}\n\n");
    }
    chunk(
        text,
        "data:"
            + " {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
    chunk(
        text,
        "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":9,"
            + "\"total_tokens\":18}}\n\n");
    chunk(text, "data: [DONE]\n\n");
    return text.append("0\r\n\r\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void chunk(StringBuilder text, String data) {
    text.append(Integer.toHexString(data.length())).append("\r\n").append(data).append("\r\n");
  }

  int port() {
    return server.getLocalPort();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      while (skipRequest(in)) {
        Thread.sleep(delay);
        out.write(answer);
        out.flush();
      }
    } catch (IOException e) {
      // The other end has gone away.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** False at the end of the connection. */
  private static boolean skipRequest(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
      int c = in.read();
      if (c < 0 || head.length() > MOST_HEAD) {
        return false;
      }
      head.append((char) c);
    }
    int at = head.toString().toLowerCase(Locale.ROOT).indexOf("content-length:");
    if (at >= 0) {
      String length = head.substring(at + 15, head.indexOf("\r\n", at)).strip();
      in.skipNBytes(Integer.parseInt(length));
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
