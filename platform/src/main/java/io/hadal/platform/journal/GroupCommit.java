package io.hadal.platform.journal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Appends records to the journal's files. One thread writes and forces what all callers brought
 * meanwhile; who needs to be sure waits for that. After a failure the next records go to a new
 * file: what a device did with the old one nobody knows.
 */
final class GroupCommit implements AutoCloseable {
  /** How long records that nobody waits for may wait for company. */
  private static final long GATHER_NANOS = 5_000_000;

  /** Records that may wait for the device; more, and callers wait. */
  private static final int MOST_PENDING = 4 << 20;

  /** Where the files end. */
  record Mark(long segment, long offset) {}

  /** A record on its way to the device. */
  static final class Ticket {
    private final Batch batch;

    private Ticket(Batch batch) {
      this.batch = batch;
    }

    /**
     * Waits until it is on the device.
     *
     * @throws IOException when it is not, and never will be
     */
    void await() throws IOException {
      boolean interrupted = false;
      while (true) {
        try {
          batch.done.await();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      IOException failure = batch.failure;
      if (failure != null) {
        throw new IOException("the journal cannot be written: " + failure, failure);
      }
    }
  }

  private static final class Batch {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(4096);

    /** Its own, so that only those who brought it are woken. */
    private final CountDownLatch done = new CountDownLatch(1);

    private volatile @Nullable IOException failure;
  }

  private final Segments segments;
  private final long segmentBytes;
  private final Runnable committed;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();

  /** There is room for further records. */
  private final Condition room = lock.newCondition();

  private Batch current = new Batch();
  private boolean urgent;
  private boolean closed;

  private @Nullable FileChannel channel;
  private long offset;
  private long number;
  private long total;
  private volatile long segment;
  private volatile Mark durable;
  private volatile long written;
  private volatile @Nullable IOException failure;

  /**
   * Begins a new file.
   *
   * @param first its number
   * @param committed called after each commit
   */
  GroupCommit(Segments segments, long first, long segmentBytes, Runnable committed)
      throws IOException {
    this.segments = segments;
    this.segmentBytes = segmentBytes;
    this.committed = committed;
    this.number = first;
    this.segment = first;
    this.channel = segments.create(first);
    this.durable = new Mark(first, 0);
    this.thread = Thread.ofPlatform().name("hadal-journal").daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Whether it takes no more records. */
  boolean closed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** The file that is written now. */
  long segment() {
    return segment;
  }

  /** All before it is on the device. */
  Mark durable() {
    return durable;
  }

  /** Bytes written since the start. */
  long written() {
    return written;
  }

  /** Why the last commit failed; null when it did not. */
  @Nullable IOException failure() {
    return failure;
  }

  /**
   * Appends a record.
   *
   * @param wait whether to return only when it is on the device
   * @throws IOException when it is not, and never will be
   */
  void append(byte[] record, boolean wait) throws IOException {
    Ticket ticket = begin(record, wait);
    if (wait) {
      ticket.await();
    }
  }

  /**
   * Appends a record without waiting for it.
   *
   * @param soon whether somebody will wait, so that it must not wait for company
   * @throws IOException when the journal is closed
   */
  Ticket begin(byte[] record, boolean soon) throws IOException {
    lock.lock();
    try {
      while (current.bytes.size() > MOST_PENDING && !closed) {
        room.awaitUninterruptibly();
      }
      if (closed) {
        throw new IOException("the journal is closed");
      }
      Batch batch = current;
      boolean first = batch.bytes.size() == 0;
      batch.bytes.writeBytes(record);
      // The writer is woken for the first record and when it must hurry, not for each.
      if (first || (soon && !urgent) || batch.bytes.size() > MOST_PENDING) {
        urgent |= soon;
        work.signal();
      }
      return new Ticket(batch);
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    for (Batch batch = next(); batch != null; batch = next()) {
      IOException problem = null;
      try {
        write(batch.bytes.toByteArray());
      } catch (IOException e) {
        problem = e;
        abandon();
      }
      failure = problem;
      batch.failure = problem;
      batch.done.countDown();
      committed.run();
    }
  }

  /** Waits for records; null when there will be no more. */
  private @Nullable Batch next() {
    lock.lock();
    try {
      while (current.bytes.size() == 0) {
        if (closed) {
          return null;
        }
        work.awaitUninterruptibly();
      }
      long left = GATHER_NANOS;
      while (!urgent && !closed && left > 0 && current.bytes.size() < MOST_PENDING) {
        try {
          left = work.awaitNanos(left);
        } catch (InterruptedException e) {
          break;
        }
      }
      Batch batch = current;
      current = new Batch();
      urgent = false;
      room.signalAll();
      return batch;
    } finally {
      lock.unlock();
    }
  }

  private void write(byte[] bytes) throws IOException {
    FileChannel out = channel;
    if (out == null || (offset > 0 && offset + bytes.length > segmentBytes)) {
      if (out != null) {
        out.close();
      }
      channel = null;
      out = segments.create(number + 1);
      channel = out;
      offset = 0;
      number++;
      segment = number;
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      out.write(buffer);
    }
    out.force(false);
    offset += bytes.length;
    total += bytes.length;
    written = total;
    durable = new Mark(number, offset);
  }

  private void abandon() {
    FileChannel out = channel;
    channel = null;
    if (out != null) {
      try {
        out.close();
      } catch (IOException e) {
        // It failed already.
      }
    }
    if (segments.file(number + 1).toFile().exists()) {
      number++;
      segment = number;
    }
    try {
      TimeUnit.MILLISECONDS.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Writes what is left. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      work.signalAll();
      room.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    FileChannel out = channel;
    if (out != null) {
      try {
        out.close();
      } catch (IOException e) {
        // All that counts was forced.
      }
    }
  }
}
