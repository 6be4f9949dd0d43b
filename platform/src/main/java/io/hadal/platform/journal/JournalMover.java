package io.hadal.platform.journal;

import io.hadal.platform.db.Database;
import io.hadal.platform.ledger.Settled;
import io.hadal.platform.ledger.UsageStore;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Brings ends from the journal's files into the database, in their order and in batches. */
final class JournalMover implements AutoCloseable {
  private static final int BATCH = 500;

  /** How long ends may wait for company. */
  private static final long GATHER_MILLIS = 100;

  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long MOST_PAUSE_MILLIS = 5_000;

  /** How often an idle node says that it has nothing new. */
  private static final long MARK_MILLIS = 60_000;

  private static final long CLOSE_MILLIS = 5_000;

  /** What is read at a time. */
  private record Batch(List<Settled> ends, boolean caughtUp, long asOf) {}

  private final String node;
  private final Segments segments;
  private final OpenAttempts open;
  private final Database database;
  private final UsageStore store;
  private final Clock clock;
  private final Consumer<String> log;

  /** Files that were there at the start and are not read yet. */
  private final NavigableSet<Long> old;

  private final Set<String> damagedFiles = new HashSet<>();
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition woken = lock.newCondition();
  private final Condition moved = lock.newCondition();
  private boolean news;

  /** Somebody waits for the records. */
  private boolean hurry;

  private boolean closing;
  private GroupCommit.Mark done = new GroupCommit.Mark(0, 0);

  private @Nullable GroupCommit commit;
  private @Nullable SegmentReader reader;
  private long segment;
  private final List<Long> finished = new ArrayList<>();

  /** Ends that were read and are not in the database; they stay when reading on fails. */
  private final List<Settled> gathered = new ArrayList<>();

  private boolean troubled;
  private long marked;

  private final AtomicLong deletedBytes = new AtomicLong();

  /** Bytes of the file that is read whose ends are in the database. */
  private volatile long passed;

  private volatile long oldestPending;
  private volatile long completeUntil;

  JournalMover(
      String node,
      Segments segments,
      OpenAttempts open,
      Database database,
      UsageStore store,
      Clock clock,
      Consumer<String> log,
      NavigableSet<Long> old,
      List<Damage> damage) {
    this.node = node;
    this.segments = segments;
    this.open = open;
    this.database = database;
    this.store = store;
    this.clock = clock;
    this.log = log;
    this.old = old;
    for (Damage one : damage) {
      if (!one.tornTail()) {
        damagedFiles.add(one.file());
      }
    }
    this.thread = Thread.ofPlatform().name("hadal-usage").daemon().unstarted(this::run);
  }

  void start(GroupCommit source) {
    commit = source;
    segment = old.isEmpty() ? source.segment() : old.first();
    thread.start();
  }

  /** Says that there may be new records. */
  void wake() {
    lock.lock();
    try {
      // Once: it gathers what comes then.
      if (!news) {
        news = true;
        woken.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Bytes of all files that are in the database. */
  long movedBytes() {
    return deletedBytes.get() + passed;
  }

  long lagMillis() {
    long oldest = oldestPending;
    return oldest == 0 ? 0 : Math.max(0, clock.millis() - oldest);
  }

  long completeUntil() {
    return completeUntil;
  }

  boolean flush(GroupCommit.Mark to, Duration most) throws InterruptedException {
    long left = most.toNanos();
    lock.lock();
    try {
      news = true;
      hurry = true;
      woken.signal();
      while (before(done, to)) {
        if (left <= 0) {
          return false;
        }
        left = moved.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private static boolean before(GroupCommit.Mark a, GroupCommit.Mark b) {
    return a.segment() < b.segment() || (a.segment() == b.segment() && a.offset() < b.offset());
  }

  private void run() {
    GroupCommit source = commit;
    if (source == null) {
      return;
    }
    long deadline = Long.MAX_VALUE;
    try {
      while (true) {
        boolean last = await();
        if (last && deadline == Long.MAX_VALUE) {
          deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MILLIS);
        }
        boolean rest = moveAll(source, deadline);
        if (last) {
          if (rest) {
            removeAll(source);
          }
          return;
        }
      }
    } finally {
      closeReader();
    }
  }

  /** Waits for news; returns true when there will be no more. */
  private boolean await() {
    lock.lock();
    try {
      long idle = TimeUnit.MILLISECONDS.toNanos(MARK_MILLIS);
      while (!news && !closing && idle > 0) {
        idle = woken.awaitNanos(idle);
      }
      long left = TimeUnit.MILLISECONDS.toNanos(GATHER_MILLIS);
      while (!closing && !hurry && left > 0) {
        left = woken.awaitNanos(left);
      }
      news = false;
      hurry = false;
      return closing;
    } catch (InterruptedException e) {
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Moves what is there; returns false when it had to give up. */
  private boolean moveAll(GroupCommit source, long deadline) {
    long pause = FIRST_PAUSE_MILLIS;
    Batch batch = null;
    while (true) {
      try {
        if (batch == null) {
          batch = read(source);
          oldestPending = batch.ends().isEmpty() ? 0 : batch.ends().getFirst().event().end();
        }
        write(batch);
        remove(source);
        publish();
        boolean caughtUp = batch.caughtUp();
        batch = null;
        pause = FIRST_PAUSE_MILLIS;
        if (troubled) {
          troubled = false;
          log.accept("journal: the database takes usage again");
        }
        if (caughtUp) {
          return true;
        }
      } catch (IOException | RuntimeException e) {
        if (!troubled) {
          troubled = true;
          log.accept("journal: usage stays in its files for now: " + cause(e));
        }
        if (!pause(pause, deadline)) {
          return false;
        }
        pause = Math.min(2 * pause, MOST_PAUSE_MILLIS);
      }
    }
  }

  /** The deepest message: those above quote statements and what was bound to them. */
  private static String cause(Throwable error) {
    Throwable deepest = error;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return deepest.getClass().getSimpleName() + ": " + deepest.getMessage();
  }

  /** Waits before another try; returns false when there is no time for one. */
  private boolean pause(long millis, long deadline) {
    lock.lock();
    try {
      if (closing && (deadline == Long.MAX_VALUE || System.nanoTime() > deadline)) {
        // The first failure behind close() ends it: the files keep the rest.
        return false;
      }
      boolean before = closing;
      long left = TimeUnit.MILLISECONDS.toNanos(millis);
      while (closing == before && left > 0) {
        left = woken.awaitNanos(left);
      }
      return true;
    } catch (InterruptedException e) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  private Batch read(GroupCommit source) throws IOException {
    long asOf = clock.millis();
    GroupCommit.Mark durable = source.durable();
    while (gathered.size() < BATCH) {
      SegmentReader from = reader;
      if (from == null) {
        from = new SegmentReader(segments.file(segment));
        reader = from;
      }
      boolean live = segment == durable.segment();
      JournalRecord record = from.next(live ? durable.offset() : segments.size(segment), !live);
      if (record instanceof JournalRecord.End(Settled settled)) {
        gathered.add(settled);
      } else if (record == null) {
        if (live) {
          return new Batch(List.copyOf(gathered), true, asOf);
        }
        from.close();
        reader = null;
        finished.add(segment);
        Long next = segments.list().higher(segment);
        segment = next == null ? durable.segment() : next;
      }
    }
    return new Batch(List.copyOf(gathered), false, asOf);
  }

  private void write(Batch batch) {
    List<Settled> ends = batch.ends();
    SegmentReader from = reader;
    long position = from == null ? 0 : from.position();
    long until = batch.caughtUp() ? batch.asOf() : completeUntil;
    if (!ends.isEmpty() || until - marked >= MARK_MILLIS) {
      database.run(
          h -> {
            store.store(h, ends);
            if (!node.isEmpty()) {
              mark(h, position, until);
            }
          });
      marked = until;
    }
    completeUntil = until;
  }

  private void publish() {
    SegmentReader from = reader;
    long position = from == null ? 0 : from.position();
    passed = position;
    gathered.clear();
    oldestPending = 0;
    lock.lock();
    try {
      done = new GroupCommit.Mark(segment, position);
      moved.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void mark(Handle h, long position, long until) {
    h.execute(
        "INSERT INTO journal_mark (node, segment, position, complete_until)"
            + " VALUES (?, ?, ?, ?) ON CONFLICT (node) DO UPDATE SET"
            + " segment = excluded.segment, position = excluded.position,"
            + " complete_until = excluded.complete_until",
        node,
        segment,
        position,
        until);
  }

  /** Removes files whose ends are in the database; what still runs is noted again before. */
  private void remove(GroupCommit source) throws IOException {
    while (!finished.isEmpty()) {
      long number = finished.getFirst();
      List<OpenAttempts.Attempt> running = open.upTo(number);
      if (!running.isEmpty() && source.closed()) {
        // The next process reads the file, and settles them.
        return;
      }
      for (OpenAttempts.Attempt attempt : running) {
        long to = source.segment();
        source.append(RecordCodec.encode(attempt.admit()), false);
        JournalRecord.Checkpoint checkpoint = attempt.checkpoint();
        if (checkpoint != null) {
          source.append(RecordCodec.encode(checkpoint), false);
        }
        attempt.movedTo(to);
      }
      if (!running.isEmpty()) {
        // Waits for all before it, too.
        source.append(RecordCodec.encode(running.getLast().admit()), true);
      }
      long size = segments.size(number);
      if (damagedFiles.contains(segments.name(number))) {
        segments.setAside(number);
      } else {
        segments.delete(number);
      }
      deletedBytes.addAndGet(size);
      finished.removeFirst();
    }
  }

  private void nothingLeft() {
    try {
      nothingLeft(database, node);
    } catch (RuntimeException e) {
      log.accept("journal: reports may not know that all is in the database: " + cause(e));
    }
  }

  /** Says that nothing comes from a node before it starts again: reports do not wait for it. */
  static void nothingLeft(Database database, String node) {
    database.run(
        h ->
            h.execute(
                "UPDATE journal_mark SET complete_until = ? WHERE node = ?", Long.MAX_VALUE, node));
  }

  /** At the end, when everything is in the database and nothing runs. */
  private void removeAll(GroupCommit source) {
    if (open.size() > 0) {
      return;
    }
    closeReader();
    if (!before(done, source.durable())) {
      nothingLeft();
    }
    try {
      for (long number : segments.list()) {
        segments.delete(number);
      }
    } catch (IOException e) {
      log.accept("journal: files that are not needed any more stay: " + e.getMessage());
    }
  }

  private void closeReader() {
    SegmentReader from = reader;
    reader = null;
    if (from != null) {
      try {
        from.close();
      } catch (IOException e) {
        // It was only read.
        return;
      }
    }
  }

  /** Moves the rest, if the database takes it, and ends. */
  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      woken.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      thread.join(2 * CLOSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
