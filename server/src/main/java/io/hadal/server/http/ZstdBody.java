package io.hadal.server.http;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Cleaner;

/**
 * Unpacks Zstandard frames as bytes are asked for. What that takes outside the heap is free at the
 * end, at a fault, and when nobody has the stream any more: whoever refuses a body does not close
 * it.
 */
final class ZstdBody extends InputStream {
  /** Windows of 8 MiB, which RFC 8878 asks of everybody; more would be memory for the asking. */
  private static final int MOST_WINDOW_LOG = 23;

  private static final Cleaner CLEANER = Cleaner.create();

  private final ZstdInputStreamNoFinalizer in;
  private final Cleaner.Cleanable memory;
  private boolean ended;

  ZstdBody(InputStream packed) throws IOException {
    try {
      in = new ZstdInputStreamNoFinalizer(new Open(packed));
      in.setLongMax(MOST_WINDOW_LOG);
    } catch (LinkageError e) {
      throw new IOException(
          "zstd is not to be had on this machine; send gzip, or nothing packed", e);
    }
    memory = CLEANER.register(this, closing(in));
  }

  /** Of this class and not of the object, which could never go otherwise. */
  private static Runnable closing(ZstdInputStreamNoFinalizer in) {
    return () -> {
      try {
        in.close();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    };
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int from, int count) throws IOException {
    if (ended) {
      return -1;
    }
    boolean good = false;
    try {
      int n = in.read(to, from, count);
      good = n >= 0;
      return n;
    } finally {
      if (!good) {
        close();
      }
    }
  }

  @Override
  public void close() {
    ended = true;
    memory.clean();
  }

  /** Stays open: what is packed belongs to the connection. */
  private static final class Open extends FilterInputStream {
    Open(InputStream in) {
      super(in);
    }

    @Override
    public void close() {}
  }
}
