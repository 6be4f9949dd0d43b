package io.hadal.benchmarks.load;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One kept connection that asks for streams, one after the other, at the least cost of its own. */
final class StreamClient implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final byte[] request;
  private final byte[] buffer = new byte[8 << 10];

  /**
   * Times of one answer in nanoseconds, from the moment the request was sent.
   *
   * @param first to its first byte
   * @param last to its last one
   */
  record Times(long first, long last) {}

  /**
   * Connects.
   *
   * @param headers further ones of the request, as {@code name: value}
   * @param prompt characters of the prompt
   */
  StreamClient(URI url, String model, List<String> headers, int prompt) throws IOException {
    this.request = request(url, model, headers, prompt);
    this.socket = new Socket(url.getHost(), url.getPort());
    socket.setTcpNoDelay(true);
    this.in = new BufferedInputStream(socket.getInputStream(), 32 << 10);
    this.out = socket.getOutputStream();
  }

  /** The header of a key, if there is one. */
  static List<String> bearer(@Nullable String key) {
    return key == null ? List.of() : List.of("authorization: Bearer " + key);
  }

  private static byte[] request(URI url, String model, List<String> headers, int prompt) {
    String words = "Some words of a prompt. ";
    String body =
        "{\"model\":\""
            + model
            + "\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
            + "\"messages\":[{\"role\":\"user\",\"content\":\""
            + words.repeat(Math.max(1, prompt / words.length()))
            + "\"}]}";
    return ("POST /v1/chat/completions HTTP/1.1\r\nhost: "
            + url.getHost()
            + headers.stream().map(header -> "\r\n" + header).collect(Collectors.joining())
            + "\r\ncontent-type: application/json\r\ncontent-length: "
            + body.length()
            + "\r\n\r\n"
            + body)
        .getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Asks once.
   *
   * @throws IOException when the answer is an error, or not complete
   */
  Times ask() throws IOException {
    long sent = System.nanoTime();
    out.write(request);
    in.mark(1);
    if (in.read() < 0) {
      throw new IOException("the connection broke off");
    }
    long first = System.nanoTime() - sent;
    in.reset();
    read();
    return new Times(first, System.nanoTime() - sent);
  }

  /** Begins and goes away after so many chunks. */
  void leave(int chunks) throws IOException {
    out.write(request);
    head();
    for (int i = 0; i < chunks; i++) {
      int length = Integer.parseInt(line(), 16);
      if (length == 0) {
        break;
      }
      in.skipNBytes(length);
      line();
    }
    close();
  }

  private void head() throws IOException {
    String status = line();
    if (!status.contains(" 200")) {
      throw new IOException("the answer is " + status);
    }
    while (!line().isEmpty()) {
      // Headers are of no interest.
    }
  }

  /** Reads to the end of a chunked answer. */
  private void read() throws IOException {
    head();
    boolean done = false;
    int length = Integer.parseInt(line(), 16);
    while (length > 0) {
      int kept = Math.min(length, buffer.length);
      in.readNBytes(buffer, 0, kept);
      in.skipNBytes(length - kept);
      line();
      int next = Integer.parseInt(line(), 16);
      done = next == 0 && ends(kept);
      length = next;
    }
    line();
    if (!done) {
      throw new IOException("an answer broke off");
    }
  }

  private boolean ends(int length) {
    String end = "data: [DONE]\n\n";
    return length >= end.length()
        && new String(buffer, length - end.length(), end.length(), StandardCharsets.US_ASCII)
            .equals(end);
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    int c = in.read();
    while (c != '\n') {
      if (c < 0) {
        throw new IOException("the connection broke off");
      }
      if (c != '\r') {
        line.append((char) c);
      }
      c = in.read();
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
