package io.hadal.server.routing.client;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * The body of an answer. A read brings what has come already, over the borders of chunks. At its
 * end the connection is free for the next request; closed before, it is not kept.
 */
final class AnswerBody extends InputStream {
  private static final int MOST_LINE = 4096;
  private static final int MOST_TRAILERS = 256;

  private final UpstreamCall call;
  private final Connection connection;
  private final boolean reusable;
  private final boolean chunked;

  /** Bytes to come of the chunk or the body; -1 for all until the connection ends. */
  private long left;

  private boolean first = true;
  private boolean trailers;
  private boolean over;

  AnswerBody(UpstreamCall call, Connection connection, ResponseHead head) throws IOException {
    this.call = call;
    this.connection = connection;
    this.chunked = head.status() != 204 && head.status() != 304 && head.chunked();
    this.left = chunked ? 0 : head.length();
    this.reusable = head.reusable() && left >= 0;
    if (!chunked && left == 0) {
      end();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    int n = 0;
    while (n < length && !over) {
      if (left == 0 && !beginChunk(n > 0)) {
        break;
      }
      if (connection.buffered() == 0 && (n > 0 || !fill())) {
        break;
      }
      int most = left < 0 ? length - n : (int) Math.min(left, length - n);
      int taken = connection.take(target, offset + n, most);
      n += taken;
      if (left > 0) {
        left -= taken;
        if (left == 0 && !chunked) {
          end();
        }
      }
    }
    return n == 0 ? -1 : n;
  }

  /** Waits for bytes; false at the end of a body whose length nobody said. */
  private boolean fill() throws IOException {
    if (connection.fill()) {
      return true;
    }
    if (left < 0) {
      end();
      return false;
    }
    throw new EOFException("the upstream's answer broke off");
  }

  /**
   * Reads what stands before a chunk.
   *
   * @param ready whether to go on only when that is there already
   * @return false when there is no chunk, or it is not there yet
   */
  private boolean beginChunk(boolean ready) throws IOException {
    if (trailers) {
      if (!ready) {
        endOfTrailers();
      }
      return false;
    }
    if (ready && !connection.lines(first ? 1 : 2)) {
      return false;
    }
    if (!first && !connection.line(MOST_LINE).isEmpty()) {
      throw new IOException("the upstream's chunks are broken");
    }
    first = false;
    String line = connection.line(MOST_LINE);
    int semicolon = line.indexOf(';');
    left =
        ResponseHead.number((semicolon < 0 ? line : line.substring(0, semicolon)).strip(), 16, 15);
    if (left < 0) {
      throw new IOException("the upstream's chunks are broken");
    }
    if (left == 0) {
      trailers = true;
      return beginChunk(ready);
    }
    return true;
  }

  private void endOfTrailers() throws IOException {
    for (int i = 0; !connection.line(MOST_LINE).isEmpty(); i++) {
      if (i == MOST_TRAILERS) {
        throw new IOException("the upstream sends trailers without end");
      }
    }
    end();
  }

  private void end() {
    over = true;
    call.done(reusable);
  }

  @Override
  public void close() {
    if (!over) {
      over = true;
      call.close();
    }
  }
}
