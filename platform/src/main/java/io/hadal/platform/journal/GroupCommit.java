package io.hadal.platform.journal;

import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Appends records to the journal's files. One thread writes and forces what all callers brought
 * meanwhile; who needs to be sure waits for that, or does it itself when the device is free, which
 * saves the waking of two threads. After a failure, be it of the device or for want of memory, the
 * next records go to a new file: what a device did with the old one nobody knows.
 */
final class GroupCommit implements AutoCloseable {
  /** How long records that nobody waits for may wait for company. */
  private static final long GATHER_NANOS = 5_000_000;

  /** Records that may wait for the device; more, and callers wait. */
  private static final int MOST_PENDING = 4 << 20;

  /** Where the files end. */
  record Mark(long segment, long offset) {}

  /** A record on its way to the device. */
  final class Ticket {
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
      if (leads()) {
        lead(batch);
      }
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
      Throwable failure = batch.failure;
      if (failure != null) {
        throw new IOException("the journal cannot be written: " + failure, failure);
      }
    }
  }

  private static final class Batch {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(4096);

    /** Its own, so that only those who brought it are woken. */
    private final CountDownLatch done = new CountDownLatch(1);

    private volatile @Nullable Throwable failure;
  }

  private final Segments segments;
  private final long segmentBytes;
  private final Runnable committed;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();

  /** There is room for further records. */
  private final Condition room = lock.newCondition();

  /** Null when nobody has brought anything: who takes a batch away needs no memory for that. */
  private @Nullable Batch current;

  private boolean urgent;
  private boolean closed;

  /** Held by the thread that writes; the fields of the file below are its. */
  private final ReentrantLock device = new ReentrantLock();

  private @Nullable FileOutputStream file;
  private long offset;
  private long number;
  private long total;
  private volatile long segment;
  private volatile Mark durable;
  private volatile long written;
  private volatile @Nullable Throwable failure;

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
    this.file = segments.create(first);
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
  @Nullable Throwable failure() {
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
      while (pending() > MOST_PENDING && !closed) {
        room.awaitUninterruptibly();
      }
      if (closed) {
        throw new IOException("the journal is closed");
      }
      Batch batch = current == null ? new Batch() : current;
      Ticket ticket = new Ticket(batch);
      boolean first = pending() == 0;
      batch.bytes.writeBytes(record);
      current = batch;
      // The writer is woken for the first record and when it must hurry, not for each. Who waits
      // writes by itself when it can; should it not come to that, the record waits as others do.
      boolean hurry = soon && !(leads() && !device.isLocked());
      if (first || (hurry && !urgent) || batch.bytes.size() > MOST_PENDING) {
        urgent |= hurry;
        work.signal();
      }
      return ticket;
    } finally {
      lock.unlock();
    }
  }

  /** Bytes that wait. Under the lock. */
  private int pending() {
    Batch batch = current;
    return batch == null ? 0 : batch.bytes.size();
  }

  /** Whether the calling thread may write: the device would hold a virtual thread's carrier. */
  private static boolean leads() {
    return !Thread.currentThread().isVirtual();
  }

  /** Writes a batch if nobody else does; else whoever writes next hurries. */
  private void lead(Batch batch) {
    if (device.tryLock()) {
      try {
        if (batch.done.getCount() > 0) {
          commit();
        }
      } finally {
        device.unlock();
      }
      return;
    }
    lock.lock();
    try {
      if (batch == current && !urgent) {
        urgent = true;
        work.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    while (gathered()) {
      device.lock();
      try {
        commit();
      } finally {
        device.unlock();
      }
    }
  }

  /**
   * Writes what there is. The order of records is that in which the device was held. Whatever goes
   * wrong, an error of the JVM too, those who wait hear of it, and the thread goes on.
   */
  private void commit() {
    Batch batch = take();
    if (batch == null) {
      return;
    }
    Throwable problem = null;
    try {
      write(batch.bytes);
    } catch (Throwable e) {
      problem = e;
    }
    batch.failure = problem;
    failure = problem;
    try {
      if (problem != null) {
        abandon();
      }
    } catch (Throwable e) {
      failure = e;
    } finally {
      batch.done.countDown();
    }
    try {
      committed.run();
    } catch (Throwable e) {
      // The records are where they are; what was to follow does so after the next ones.
      failure = e;
    }
  }

  /** The records that came until now; null when somebody else has written them. */
  private @Nullable Batch take() {
    lock.lock();
    try {
      Batch batch = current;
      current = null;
      urgent = false;
      room.signalAll();
      return batch;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for records, and for their company; false when there will be no more. */
  private boolean gathered() {
    lock.lock();
    try {
      while (pending() == 0) {
        if (closed) {
          return false;
        }
        work.awaitUninterruptibly();
      }
      long left = GATHER_NANOS;
      while (!urgent && !closed && left > 0 && pending() < MOST_PENDING) {
        try {
          left = work.awaitNanos(left);
        } catch (InterruptedException e) {
          break;
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void write(ByteArrayOutputStream records) throws IOException {
    FileOutputStream out = file;
    if (out == null || (offset > 0 && offset + records.size() > segmentBytes)) {
      if (out != null) {
        out.close();
      }
      file = null;
      out = segments.create(number + 1);
      file = out;
      offset = 0;
      number++;
      segment = number;
    }
    records.writeTo(out);
    out.getFD().sync();
    offset += records.size();
    total += records.size();
    written = total;
    durable = new Mark(number, offset);
  }

  private void abandon() {
    FileOutputStream out = file;
    file = null;
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
    device.lock();
    try {
      FileOutputStream out = file;
      if (out != null) {
        out.close();
      }
    } catch (IOException e) {
      // All that counts was forced.
    } finally {
      device.unlock();
    }
  }
}
