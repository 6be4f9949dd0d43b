package io.hadal.server;

import io.hadal.server.wire.Call;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Records calls a moment behind their answers, so that the next request of a connection does not
 * wait for the log and the figures of the one before. What ends within that moment is recorded
 * together.
 */
final class CallRecords implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.server");

  /** Between two looks: waking the thread for each call would take time from the next one. */
  private static final long BEHIND_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Looks in vain until it sleeps. */
  private static final int MOST_IDLE = 50;

  /** Calls that may wait; each keeps its request. */
  private static final int MOST_WAITING = 256;

  /** Longer requests do not wait: the memory that bodies may take no longer counts them. */
  private static final int LONG_BODY = 64 << 10;

  private final Consumer<Call> record;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private final Queue<Call> waiting = new ArrayDeque<>();

  /** Held while calls are recorded, so that a flush waits for those that were taken. */
  private final ReentrantLock recording = new ReentrantLock();

  private boolean asleep;
  private boolean closed;

  /**
   * Records from now on.
   *
   * @param record takes one call at a time, in the order of their ends
   */
  CallRecords(Consumer<Call> record) {
    this.record = record;
    this.thread = Thread.ofPlatform().name("hadal-call-records").daemon().start(this::run);
  }

  /** The call is over; it is recorded at once when too much waits, or nobody is left to do it. */
  void accept(Call call) {
    call.over();
    byte[] body = call.bodyRead();
    boolean late = body != null && body.length > LONG_BODY;
    lock.lock();
    try {
      waiting.add(call);
      late |= closed || waiting.size() > MOST_WAITING;
      if (asleep) {
        asleep = false;
        news.signal();
      }
    } finally {
      lock.unlock();
    }
    if (late) {
      flush();
    }
  }

  /** Records all calls that are over. */
  void flush() {
    recording.lock();
    try {
      List<Call> calls;
      lock.lock();
      try {
        calls = new ArrayList<>(waiting);
        waiting.clear();
      } finally {
        lock.unlock();
      }
      for (Call call : calls) {
        try {
          record.accept(call);
        } catch (RuntimeException e) {
          // Only its kind: messages may hold content.
          LOG.log(Level.ERROR, "a call was not recorded: " + e.getClass().getName());
        }
      }
    } finally {
      recording.unlock();
    }
  }

  private void run() {
    while (gathered()) {
      flush();
    }
  }

  /** Waits until there are calls; false when there will be no more. */
  private boolean gathered() {
    lock.lock();
    try {
      int idle = 0;
      do {
        if (idle++ == MOST_IDLE) {
          idle = 0;
          asleep = true;
          while (asleep && !closed) {
            news.await();
          }
        }
        long left = BEHIND_NANOS;
        while (!closed && left > 0) {
          left = news.awaitNanos(left);
        }
      } while (waiting.isEmpty() && !closed);
      return !closed;
    } catch (InterruptedException e) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      news.signal();
    } finally {
      lock.unlock();
    }
    flush();
  }
}
