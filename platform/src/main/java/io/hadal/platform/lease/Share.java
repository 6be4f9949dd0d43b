package io.hadal.platform.lease;

import java.util.concurrent.locks.ReentrantLock;

/**
 * What this node has of a pool in one window. Its authority is what the database lets it use:
 * settled and held amounts stay within, and the rest, idle, needs no question to anyone.
 */
public final class Share {
  final Pool pool;
  final Window.Span span;

  /** Guards the fields; held for some instructions only. */
  final ReentrantLock lock = new ReentrantLock();

  /** Held while the database is asked; taken before {@link #lock}. */
  final ReentrantLock exchange = new ReentrantLock();

  /** Whether the row of the node was read; settled counts from 0 before. */
  boolean loaded;

  /** No longer in use: whoever has it must look its successor up. */
  volatile boolean retired;

  boolean dirty;
  long authority;
  long settled;
  long held;

  /** Authority that the row had when it was last written. */
  long written;

  long renewedAt;
  long leasedAt;
  long usedAt;

  /** The database had less than this until then. */
  long dryNeed = Long.MAX_VALUE;

  long dryUntil;

  /** Of all nodes, as last read. */
  volatile long totalSettled;

  /** Capacity with what was carried over, as last read. */
  volatile long total;

  /** Settled amount of this node when the totals were read. */
  volatile long settledThen;

  Share(Pool pool, Window.Span span) {
    this.pool = pool;
    this.span = span;
    this.total = pool.capacity();
  }

  public Pool pool() {
    return pool;
  }

  public Window.Span span() {
    return span;
  }

  void locked(Runnable work) {
    lock.lock();
    try {
      work.run();
    } finally {
      lock.unlock();
    }
  }

  long idle() {
    return authority - settled - held;
  }

  /** What all nodes settled, as far as this one knows. */
  public long totalSettled() {
    return totalSettled + ownSettled() - settledThen;
  }

  /** Capacity with what was carried over. */
  public long total() {
    return total;
  }

  /** What this node settled in the window. */
  public long ownSettled() {
    lock.lock();
    try {
      return settled;
    } finally {
      lock.unlock();
    }
  }

  /** What this node holds for running requests. */
  public long ownHeld() {
    lock.lock();
    try {
      return held;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whether more is settled and held than this node may use, because requests took more than said.
   */
  public boolean overdrawn() {
    lock.lock();
    try {
      return idle() < 0;
    } finally {
      lock.unlock();
    }
  }

  /** What may still be taken, as far as this node knows; other nodes' leases count as free. */
  public long left() {
    lock.lock();
    try {
      return total - (totalSettled + settled - settledThen) - held;
    } finally {
      lock.unlock();
    }
  }
}
