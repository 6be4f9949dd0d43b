package io.hadal.server.routing.client;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** A connection to an upstream. Used by one thread; any thread may close it. */
final class Connection implements Closeable {
  private static final int BUFFER = 8 << 10;

  /** Up to here a body goes out in one write with its head. */
  private static final int TOGETHER = 64 << 10;

  private final Origin origin;
  private final @Nullable SSLSocketFactory trust;
  private final SocketChannel channel;
  private InputStream in = InputStream.nullInputStream();
  private OutputStream out = OutputStream.nullOutputStream();
  private final byte[] buffer = new byte[BUFFER];
  private int from;
  private int to;
  private boolean heard;
  private long idleSince;

  /**
   * A connection that does not stand yet.
   *
   * @param trust null for what the JVM trusts
   */
  Connection(Origin origin, @Nullable SSLSocketFactory trust) throws IOException {
    this.origin = origin;
    this.trust = trust;
    this.channel = SocketChannel.open();
  }

  /** Connects, and agrees on TLS where the upstream wants it. */
  void connect(Duration most, Duration patience) throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    Socket socket = channel.socket();
    InetSocketAddress address = origin.address();
    if (address.isUnresolved()) {
      throw new IOException("there is no host " + origin.host());
    }
    socket.connect(address, (int) Math.clamp(most.toMillis(), 1, Integer.MAX_VALUE));
    patience(patience);
    in = socket.getInputStream();
    out = socket.getOutputStream();
    if (!origin.tls()) {
      return;
    }
    if (origin.proxied()) {
      tunnel();
    }
    SSLSocketFactory factory =
        trust == null ? (SSLSocketFactory) SSLSocketFactory.getDefault() : trust;
    SSLSocket tls = (SSLSocket) factory.createSocket(socket, origin.host(), origin.port(), true);
    SSLParameters parameters = tls.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    tls.setSSLParameters(parameters);
    tls.startHandshake();
    in = tls.getInputStream();
    out = tls.getOutputStream();
  }

  private void tunnel() throws IOException {
    String to = origin.host() + ":" + origin.port();
    out.write(
        ("CONNECT " + to + " HTTP/1.1\r\nhost: " + to + "\r\n\r\n")
            .getBytes(StandardCharsets.ISO_8859_1));
    int status = ResponseHead.read(this).status();
    if (status < 200 || status >= 300) {
      throw new IOException("the proxy answers " + status);
    }
  }

  /** Longest time to wait for bytes; zero to wait until the connection is closed. */
  void patience(Duration most) throws IOException {
    channel.socket().setSoTimeout((int) Math.clamp(most.toMillis(), 0, Integer.MAX_VALUE));
  }

  void send(OutgoingRequest request) throws IOException {
    heard = false;
    byte[] head = request.head(origin.proxied() && !origin.tls());
    byte[] body = request.body();
    if (body.length == 0) {
      out.write(head);
    } else if (body.length <= TOGETHER) {
      byte[] both = new byte[head.length + body.length];
      System.arraycopy(head, 0, both, 0, head.length);
      System.arraycopy(body, 0, both, head.length, body.length);
      out.write(both);
    } else {
      out.write(head);
      out.write(body);
    }
    out.flush();
  }

  /** Whether anything has come since the request was sent. */
  boolean heard() {
    return heard;
  }

  /** Bytes that have come and were not taken. */
  int buffered() {
    return to - from;
  }

  /** Whether so many whole lines have come. */
  boolean lines(int count) {
    int seen = 0;
    for (int i = from; i < to && seen < count; i++) {
      seen += buffer[i] == '\n' ? 1 : 0;
    }
    return seen == count;
  }

  /** Waits for bytes; false at the end. Only when none are buffered. */
  boolean fill() throws IOException {
    from = 0;
    to = Math.max(0, in.read(buffer));
    heard |= to > 0;
    return to > 0;
  }

  /** Takes buffered bytes. */
  int take(byte[] target, int offset, int most) {
    int n = Math.min(most, to - from);
    System.arraycopy(buffer, from, target, offset, n);
    from += n;
    return n;
  }

  /**
   * Reads a line without its end.
   *
   * @throws IOException when it is longer than so many bytes, or does not end
   */
  String line(int most) throws IOException {
    StringBuilder line = new StringBuilder(64);
    while (true) {
      if (from == to && !fill()) {
        throw new EOFException("the upstream has closed the connection");
      }
      char c = (char) (buffer[from++] & 0xff);
      if (c == '\n') {
        int end = line.length() - 1;
        if (end >= 0 && line.charAt(end) == '\r') {
          line.setLength(end);
        }
        return line.toString();
      }
      if (line.length() >= most) {
        throw new IOException("a line of the upstream is longer than " + most + " bytes");
      }
      line.append(c);
    }
  }

  /** Nobody uses it from now on. */
  void idle(long now) {
    idleSince = now;
  }

  long idleSince() {
    return idleSince;
  }

  /** Whether the upstream has neither closed it nor said something that nobody asked for. */
  boolean alive() {
    if (from != to) {
      return false;
    }
    try {
      channel.configureBlocking(false);
      int n = channel.read(ByteBuffer.allocate(1));
      channel.configureBlocking(true);
      return n == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void close() {
    try {
      // Without a farewell of TLS, which could wait for a peer that does not read.
      channel.close();
    } catch (IOException e) {
      // It is closed, one way or the other.
    }
  }
}
