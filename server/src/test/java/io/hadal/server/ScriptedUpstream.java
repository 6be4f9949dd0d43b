package io.hadal.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An upstream on a bare socket that does what it is told, also what no server should do. */
final class ScriptedUpstream implements AutoCloseable {
  private final ServerSocket server;
  private final ConcurrentLinkedQueue<Reply> replies = new ConcurrentLinkedQueue<>();
  final List<Request> requests = new CopyOnWriteArrayList<>();
  final CountDownLatch hungUp = new CountDownLatch(1);

  /** A request as it came. */
  record Request(String head, String body) {
    String path() {
      return head.split(" ", 3)[1];
    }

    /** A header; empty when it is not there. */
    String header(String name) {
      for (String line : head.split("\r\n")) {
        if (line.toLowerCase(Locale.ROOT).startsWith(name + ":")) {
          return line.substring(name.length() + 1).strip();
        }
      }
      return "";
    }
  }

  /** What it answers. */
  interface Reply {
    void write(OutputStream out, ScriptedUpstream self) throws IOException, InterruptedException;
  }

  ScriptedUpstream() {
    try {
      server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** Answers so, one after the other; the last one again and again. */
  ScriptedUpstream then(Reply... more) {
    replies.addAll(List.of(more));
    return this;
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
      requests.add(read(socket.getInputStream()));
      Reply reply = replies.size() > 1 ? replies.poll() : replies.peek();
      if (reply != null) {
        reply.write(socket.getOutputStream(), this);
        socket.getOutputStream().flush();
      }
    } catch (IOException e) {
      hungUp.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Request read(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
      int b = in.read();
      if (b < 0) {
        throw new IOException("no request");
      }
      head.write(b);
    }
    Request request = new Request(head.toString(StandardCharsets.ISO_8859_1), "");
    String length = request.header("content-length");
    byte[] body = in.readNBytes(length.isEmpty() ? 0 : Integer.parseInt(length));
    return new Request(request.head(), new String(body, StandardCharsets.UTF_8));
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A whole answer. */
  static Reply answer(int status, String body, String... headers) {
    return (out, self) -> {
      StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " x\r\n");
      head.append("content-type: application/json\r\nconnection: close\r\n");
      for (String header : headers) {
        head.append(header).append("\r\n");
      }
      head.append("content-length: ").append(bytes(body).length).append("\r\n\r\n");
      out.write(bytes(head.toString()));
      out.write(bytes(body));
    };
  }

  private static void begin(OutputStream out) throws IOException {
    out.write(
        bytes(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n"
                + "transfer-encoding: chunked\r\nx-request-id: up_1\r\n\r\n"));
  }

  private static void chunk(OutputStream out, String text) throws IOException {
    byte[] bytes = bytes(text);
    out.write(bytes(Integer.toHexString(bytes.length) + "\r\n"));
    out.write(bytes);
    out.write(bytes("\r\n"));
    out.flush();
  }

  /** A text as the last chunk of a body. */
  static String chunked(String text) {
    return Integer.toHexString(bytes(text).length) + "\r\n" + text + "\r\n0\r\n\r\n";
  }

  /** A stream of events, each with its blank line. */
  static Reply stream(String... events) {
    return (out, self) -> {
      begin(out);
      for (String event : events) {
        chunk(out, event);
      }
      out.write(bytes("0\r\n\r\n"));
    };
  }

  /** The same, and the connection breaks. */
  static Reply cut(String... events) {
    return (out, self) -> {
      begin(out);
      for (String event : events) {
        chunk(out, event);
      }
      // The client's reader drops what it has not read yet when it sees the end.
      Thread.sleep(200);
    };
  }

  /** Headers and these events, then the last one again and again until nobody listens. */
  static Reply endless(String... events) {
    return (out, self) -> {
      begin(out);
      for (String event : events) {
        chunk(out, event);
      }
      for (int i = 0; i < 2000; i++) {
        Thread.sleep(5);
        chunk(out, events[events.length - 1]);
      }
    };
  }

  /** Accepts and says nothing. */
  static Reply silence() {
    return (out, self) -> self.hungUp.await(20, TimeUnit.SECONDS);
  }

  /** A chunk of Chat Completions with text. */
  static String text(String text) {
    return "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
        + "\"delta\":{\"content\":\""
        + text
        + "\"},\"finish_reason\":null}]}\n\n";
  }

  static final String ROLE =
      "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
          + "\"content\":\"\"},\"finish_reason\":null}]}\n\n";

  static final String STOP =
      "data:"
          + " {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

  static final String USAGE =
      "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":12,"
          + "\"completion_tokens\":3,\"total_tokens\":15,"
          + "\"prompt_tokens_details\":{\"cached_tokens\":8}}}\n\n";

  static final String DONE = "data: [DONE]\n\n";

  /** A good answer. */
  static Reply good() {
    return stream(ROLE, text("Hello"), text(" there"), STOP, USAGE, DONE);
  }

  @Override
  public void close() {
    hungUp.countDown();
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
