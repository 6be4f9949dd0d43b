package io.hadal.platform.alert;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** A mail server that does what GreenMail cannot: STARTTLS, and refusing recipients. */
final class SmtpScript implements AutoCloseable {
  final List<String> heard = new CopyOnWriteArrayList<>();

  private final ServerSocket socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
  private final @Nullable SSLContext tls;
  private volatile String recipientReply;

  /**
   * A server.
   *
   * @param tls its certificate; null to offer no STARTTLS
   * @param recipientReply what it says to each recipient
   */
  SmtpScript(@Nullable SSLContext tls, String recipientReply) throws IOException {
    this.tls = tls;
    this.recipientReply = recipientReply;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return socket.getLocalPort();
  }

  void recipientReply(String now) {
    recipientReply = now;
  }

  private void accept() {
    while (!socket.isClosed()) {
      try (Socket client = socket.accept()) {
        serve(client, false);
      } catch (IOException | UncheckedIOException e) {
        // The client went away, or the test is over.
      }
    }
  }

  private void serve(Socket client, boolean secret) throws IOException {
    BufferedReader in =
        new BufferedReader(
            new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
    OutputStream out = client.getOutputStream();
    if (!secret) {
      say(out, "220 script");
    }
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      heard.add((secret ? "tls " : "open ") + line);
      if (line.startsWith("EHLO")) {
        say(out, tls == null || secret ? "250 script" : "250-script\r\n250 STARTTLS");
      } else if (line.equals("STARTTLS") && tls != null) {
        say(out, "220 go on");
        SSLSocket safe =
            (SSLSocket)
                tls.getSocketFactory().createSocket(client, "127.0.0.1", client.getPort(), true);
        safe.setUseClientMode(false);
        safe.startHandshake();
        serve(safe, true);
        return;
      } else if (line.startsWith("RCPT")) {
        say(out, recipientReply);
      } else if (line.equals("DATA")) {
        say(out, "354 go on");
        for (String data = in.readLine(); data != null && !data.equals("."); ) {
          data = in.readLine();
        }
        say(out, "250 taken");
      } else {
        say(out, line.equals("QUIT") ? "221 bye" : "250 well");
      }
    }
  }

  private static void say(OutputStream out, String line) throws IOException {
    out.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
