package io.hadal.server.http;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Memory that the bodies of all requests may take together. A body takes many times its length
 * while it is read: as bytes, as text, as a tree, and as tokens. Who finds no room waits, and is
 * refused when that takes too long, so that no number of large requests exhausts the process. Short
 * bodies are not counted.
 */
public final class BodyMemory {
  /** Bytes that a byte of a body takes while it is read, at most. */
  private static final int READING = 12;

  /** Bytes that it takes afterwards, while its request waits and runs. */
  private static final int KEPT = 4;

  /** Longest body that is not counted. */
  private static final long SHORT = 64 << 10;

  private final long total;
  private final Duration patience;
  private long used;

  /** There is no room now. */
  public static final class FullException extends RuntimeException {
    private static final long serialVersionUID = 1;

    FullException() {
      super("no memory for another large body", null, false, false);
    }
  }

  /**
   * Room for bodies.
   *
   * @param total bytes
   * @param patience how long one waits for room
   */
  public BodyMemory(long total, Duration patience) {
    this.total = total;
    this.patience = patience;
  }

  /** Half of the heap. */
  public static BodyMemory ofHeap() {
    return new BodyMemory(Runtime.getRuntime().maxMemory() / 2, Duration.ofSeconds(10));
  }

  /** Bytes that bodies take now. */
  public synchronized long used() {
    return used;
  }

  /** An exchange whose body is counted from now on, until it is closed. */
  public Counted count(Exchange exchange) {
    return new Counted(exchange);
  }

  /** An exchange whose body is counted. */
  public final class Counted extends ForwardingExchange implements AutoCloseable {
    private long length;
    private long held;

    private Counted(Exchange exchange) {
      super(exchange);
    }

    @Override
    public byte @Nullable [] body(long limit) throws IOException {
      return super.body(limit, this::grow);
    }

    private void grow(long bytes) {
      length = Math.max(length, bytes);
      if (length > SHORT) {
        take(READING * length - held);
      }
    }

    private void take(long more) {
      long end = System.nanoTime() + patience.toNanos();
      synchronized (BodyMemory.this) {
        // One that is larger than all of the room passes when it is alone.
        while (used + more > total && used > held) {
          long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
          if (left <= 0) {
            throw new FullException();
          }
          try {
            BodyMemory.this.wait(left);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FullException();
          }
        }
        used += more;
        held += more;
      }
    }

    @Override
    public void bodyTaken() {
      super.bodyTaken();
      give(Math.max(0, held - KEPT * length));
    }

    private void give(long bytes) {
      synchronized (BodyMemory.this) {
        used -= bytes;
        held -= bytes;
        BodyMemory.this.notifyAll();
      }
    }

    @Override
    public void close() {
      give(held);
    }
  }
}
