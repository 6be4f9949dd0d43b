package io.hadal.server.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.socket.HelidonSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What comes in on a connection. While a request is being answered, a read may be started ahead: it
 * ends when the client sends its next request, which is kept, or goes away, which is then known.
 */
final class WatchedSource implements Supplier<byte @Nullable []> {
  private final DataReader before;
  private final HelidonSocket socket;
  private @Nullable CompletableFuture<byte @Nullable []> ahead;

  /** The connection's own thread reads the socket. */
  private boolean reading;

  private boolean answering;

  /** When the first bytes of a request came of which more is missing; 0 for none. */
  private long headSince;

  /**
   * @param before holds what has been read already
   */
  WatchedSource(DataReader before, HelidonSocket socket) {
    this.before = before;
    this.socket = socket;
  }

  /** Starts a read ahead; any thread, also when the request has just been answered. */
  synchronized void watch() {
    if (ahead == null && !reading) {
      CompletableFuture<byte @Nullable []> read = new CompletableFuture<>();
      ahead = read;
      Thread.ofVirtual()
          .name("hadal-watch-" + socket.childSocketId())
          .start(
              () -> {
                try {
                  read.complete(socket.get());
                } catch (RuntimeException e) {
                  read.completeExceptionally(e);
                }
              });
    }
  }

  /** The head of a request is complete, and it is answered, or that is over. */
  synchronized void answering(boolean now) {
    answering = now;
    headSince = 0;
  }

  /** Whether a request has begun to come, and its head is not there after so long. */
  synchronized boolean dawdles(long nanos) {
    return headSince != 0 && System.nanoTime() - headSince > nanos;
  }

  private synchronized void arrived(byte @Nullable [] bytes) {
    if (bytes != null && !answering && headSince == 0) {
      long now = System.nanoTime();
      headSince = now == 0 ? 1 : now; // It may be negative.
    }
  }

  /** False when the client is known to have gone away. */
  synchronized boolean connected() {
    CompletableFuture<byte @Nullable []> read = ahead;
    return read == null
        || !read.isDone()
        || (!read.isCompletedExceptionally() && read.getNow(null) != null);
  }

  @Override
  public byte @Nullable [] get() {
    byte[] bytes = read();
    arrived(bytes);
    return bytes;
  }

  private byte @Nullable [] read() {
    CompletableFuture<byte @Nullable []> read;
    synchronized (this) {
      int known = before.available();
      if (known > 0) {
        BufferData data = before.readBuffer(known);
        byte[] bytes = new byte[known];
        data.read(bytes);
        return bytes;
      }
      read = ahead;
      ahead = null;
      reading = read == null;
    }
    if (read == null) {
      try {
        return socket.get();
      } finally {
        synchronized (this) {
          reading = false;
        }
      }
    }
    try {
      return read.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }
}
