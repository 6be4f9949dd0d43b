package io.hadal.benchmarks.load;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * An upstream on bare sockets: after a fixed time it streams the same answer to everybody, its
 * events at fixed distances.
 */
final class FixedUpstream implements AutoCloseable {
  private static final int MOST_HEAD = 64 << 10;

  private final ServerSocket server;
  private final Duration delay;
  private final Duration gap;
  private final List<byte[]> pieces;

  /**
   * Listens from now on.
   *
   * @param port 0 for any
   * @param delay until the first event
   * @param gap between two events; zero to send all at once
   * @param events pieces of the answer
   */
  FixedUpstream(int port, Duration delay, Duration gap, int events) throws IOException {
    this.delay = delay;
    this.gap = gap;
    this.pieces = pieces(events, gap.isZero());
    this.server = new ServerSocket(port, 4096, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  /**
   * A process of its own, until its input ends. Prints a port for each delay.
   *
   * @param args the first port or 0 for any, gap in microseconds, events, and delays in
   *     microseconds
   */
  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[0]);
    Duration gap = micros(args[1]);
    int events = Integer.parseInt(args[2]);
    for (int i = 3; i < args.length; i++) {
      int at = port == 0 ? 0 : port + i - 3;
      System.out.println(new FixedUpstream(at, micros(args[i]), gap, events).port());
    }
    System.out.flush();
    while (System.in.read() >= 0) {
      // Whoever started it is still there.
    }
  }

  /**
   * Starts it as a process of its own, which prints a port for each delay.
   *
   * @param port the first one, others follow it; 0 for any
   * @param gap between two events, microseconds
   * @param delays to the first event, microseconds
   */
  static Process process(int port, int gap, int events, List<Integer> delays) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-cp", System.getProperty("java.class.path")));
    command.add(FixedUpstream.class.getName());
    command.add(Integer.toString(port));
    command.add(Integer.toString(gap));
    command.add(Integer.toString(events));
    delays.forEach(delay -> command.add(Integer.toString(delay)));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static Duration micros(String text) {
    return Duration.of(Long.parseLong(text), TimeUnit.MICROSECONDS.toChronoUnit());
  }

  private static List<byte[]> pieces(int events, boolean together) {
    List<byte[]> pieces = new ArrayList<>();
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
      if (!together) {
        pieces.add(text.toString().getBytes(StandardCharsets.UTF_8));
        text.setLength(0);
      }
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
    pieces.add(text.append("0\r\n\r\n").toString().getBytes(StandardCharsets.UTF_8));
    return pieces;
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
        long due = System.nanoTime() + delay.toNanos();
        for (byte[] piece : pieces) {
          TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
          out.write(piece);
          due += gap.toNanos();
        }
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
    String text = head.toString();
    int at = text.toLowerCase(Locale.ROOT).indexOf("content-length:");
    if (at >= 0) {
      String length = text.substring(at + 15, text.indexOf("\r\n", at)).strip();
      in.skipNBytes(Integer.parseInt(length));
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
