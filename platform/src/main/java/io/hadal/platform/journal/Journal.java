package io.hadal.platform.journal;

import io.hadal.formats.FormatException;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.ledger.Settled;
import io.hadal.platform.ledger.UsageStore;
import io.hadal.platform.money.Charging;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.UsageJournal;
import io.hadal.platform.usage.Work;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The write-ahead journal of a node (platform specification, 2.5). Records go to files in the
 * node's folder, and from there to the database; a file goes away when the database has all of it.
 * What an earlier process left is brought into the database, and attempts that it did not end are
 * settled as {@link Outcome#CRASHED} where they were last heard of.
 *
 * <p>Without the database it goes on until the files have reached their limit. Memory does not grow
 * with what waits.
 */
public final class Journal implements UsageJournal, AutoCloseable {
  private static final int MOST_ID = 200;
  private static final String NODE = "node";
  private static final int END_TRIES = 3;

  /** How long the database may take for what is to be looked up in it. */
  private static final Duration LOOK = Duration.ofSeconds(5);

  private final JournalOptions options;
  private final Clock clock;
  private final Segments segments;
  private final OpenAttempts open = new OpenAttempts();
  private final GroupCommit commit;
  private final Database database;
  private final JournalMover mover;
  private final FileChannel lockFile;
  private final List<Damage> damage = new ArrayList<>();
  private final int crashed;
  private final long found;

  private Journal(
      JournalOptions options,
      FileChannel lockFile,
      Database database,
      UsageStore store,
      PriceBook prices,
      Clock clock,
      Consumer<String> log)
      throws IOException {
    this.options = options;
    this.lockFile = lockFile;
    this.clock = clock;
    this.database = database;
    this.segments = new Segments(options.folder());
    NavigableSet<Long> old = segments.list();
    long bytes = 0;
    for (long number : old) {
      bytes += segments.size(number);
      scan(number);
    }
    this.found = bytes;
    long first = old.isEmpty() ? 1 : old.last() + 1;
    this.mover =
        new JournalMover(options.node(), segments, open, database, store, clock, log, old, damage);
    this.commit = new GroupCommit(segments, first, options.segmentBytes(), mover::wake);
    this.crashed = open.size();
    commit.start();
    settleCrashed(prices);
    damage.forEach(one -> log.accept("journal: " + one));
    mover.start(commit);
  }

  /**
   * Opens the journal of a folder, and begins to bring its records into the database.
   *
   * @param log takes a line when something went wrong, and when it is well again
   * @throws FormatException when another process has it open, or it cannot be read
   */
  public static Journal open(
      JournalOptions options,
      Database database,
      UsageStore store,
      PriceBook prices,
      Clock clock,
      Consumer<String> log) {
    Path folder = options.folder();
    FileChannel lockFile = null;
    try {
      Files.createDirectories(folder);
      lockFile =
          FileChannel.open(
              folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (!locked(lockFile)) {
        throw new FormatException(
            folder.toString(), "is the journal of another process; each needs its own");
      }
      if (!options.node().isEmpty()) {
        Files.writeString(folder.resolve(NODE), options.node());
      }
      Journal journal = new Journal(options, lockFile, database, store, prices, clock, log);
      lockFile = null;
      return journal;
    } catch (IOException e) {
      throw new FormatException(
          folder.toString(), "cannot be used as a journal: " + e.getMessage(), e);
    } finally {
      if (lockFile != null) {
        closeQuietly(lockFile);
      }
    }
  }

  /**
   * Name of the node that a journal belongs to; null when the folder does not say.
   *
   * @throws FormatException when it cannot be read
   */
  public static @Nullable String node(Path folder) {
    Path file = folder.resolve(NODE);
    try {
      String name = Files.exists(file) && Files.size(file) <= 64 ? Files.readString(file) : "";
      return name.matches("[A-Za-z0-9_.-]{1,64}") ? name : null;
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be read: " + e.getMessage(), e);
    }
  }

  /** Says that the database has all of the journal of a node that does not come back. */
  public static void imported(Database database, String node) {
    JournalMover.nothingLeft(database, node);
  }

  private static boolean locked(FileChannel file) throws IOException {
    try {
      FileLock lock = file.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private void scan(long number) throws IOException {
    try (SegmentReader reader = new SegmentReader(segments.file(number))) {
      long size = segments.size(number);
      for (JournalRecord record = reader.next(size, true);
          record != null;
          record = reader.next(size, true)) {
        switch (record) {
          case JournalRecord.Admit admit -> open.began(admit, number);
          case JournalRecord.Checkpoint checkpoint -> open.reached(checkpoint);
          case JournalRecord.End end -> {
            Work work = end.settled().event().work();
            open.ended(work.requestId(), work.attempt());
          }
        }
      }
      damage.addAll(reader.damage());
    }
  }

  private void settleCrashed(PriceBook prices) throws IOException {
    List<OpenAttempts.Attempt> left = open.all();
    for (OpenAttempts.Attempt attempt : left) {
      UsageEvent event = crash(attempt, prices);
      boolean last = attempt == left.getLast();
      commit.append(
          RecordCodec.encode(new JournalRecord.End(new Settled(event, attempt.admit().held()))),
          last);
      open.ended(event.work().requestId(), event.work().attempt());
    }
  }

  private UsageEvent crash(OpenAttempts.Attempt attempt, PriceBook prices) {
    Work work = attempt.admit().work();
    Quantities quantities = attempt.quantities();
    PriceSnapshot snapshot = PriceSnapshot.FREE;
    if (options.faults() == Charging.FAULTS_DELIVERED) {
      try {
        snapshot =
            prices.at(work.modelVersion(), work.identity().project(), attempt.admit().start());
      } catch (Refusal e) {
        // No price, no cost.
        snapshot = PriceSnapshot.FREE;
      }
    }
    return new UsageEvent(
        work,
        attempt.admit().start(),
        0,
        attempt.time(),
        Outcome.CRASHED,
        500,
        quantities,
        false,
        snapshot.id(),
        options.faults().costOf(Outcome.CRASHED, snapshot, quantities),
        null,
        null,
        attempt.admit().holdId(),
        0,
        0);
  }

  @Override
  public void admit(Work work, long start, @Nullable String holdId, long held) {
    if (work.requestId().isEmpty() || work.requestId().length() > MOST_ID) {
      throw new IllegalArgumentException("the id of a request must have 1 to 200 characters");
    }
    if (held < 0) {
      throw new IllegalArgumentException("held money must not be negative");
    }
    if (bytes() >= options.limitBytes()) {
      throw unavailable(
          "The usage journal has reached its limit: the database does not take its records.");
    }
    JournalRecord.Admit admit = new JournalRecord.Admit(work, start, holdId, held);
    open.began(admit, commit.segment());
    try {
      // After a failure the first one finds out whether it is over.
      commit.append(RecordCodec.encode(admit), commit.failure() != null);
    } catch (IOException e) {
      open.ended(work.requestId(), work.attempt());
      throw unavailable("The usage journal cannot be written.");
    }
  }

  @Override
  public void checkpoint(String requestId, int attempt, Quantities soFar) {
    JournalRecord.Checkpoint record =
        new JournalRecord.Checkpoint(requestId, attempt, clock.millis(), soFar);
    if (open.reached(record)) {
      try {
        commit.append(RecordCodec.encode(record), false);
      } catch (IOException e) {
        // The end of the attempt counts, and says so.
        return;
      }
    }
  }

  /**
   * @throws Refusal when it cannot be made durable; the attempt is settled at the next start then
   */
  @Override
  public void end(UsageEvent event) {
    ending(event).run();
  }

  @Override
  public boolean ended(String requestId, int attempt) {
    try {
      if (flush(LOOK)) {
        return database.read(
            h ->
                h.createQuery(
                        "SELECT 1 FROM usage_event WHERE request_id = :id AND attempt = :attempt")
                    .bind("id", requestId)
                    .bind("attempt", attempt)
                    .mapTo(Integer.class)
                    .findOne()
                    .isPresent());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw unavailable("The database does not take the records of the usage journal.");
  }

  @Override
  public Runnable ending(UsageEvent event) {
    if (event.cost() < 0) {
      throw new IllegalArgumentException("a cost must not be negative");
    }
    Work work = event.work();
    long held = open.held(work.requestId(), work.attempt());
    byte[] record = RecordCodec.encode(new JournalRecord.End(new Settled(event, held)));
    GroupCommit.Ticket ticket;
    try {
      ticket = commit.begin(record, true);
    } catch (IOException e) {
      throw unavailable("The usage journal cannot be written.");
    }
    return () -> {
      durable(ticket, record);
      open.ended(work.requestId(), work.attempt());
    };
  }

  private void durable(GroupCommit.Ticket first, byte[] record) {
    GroupCommit.Ticket ticket = first;
    for (int i = 1; ; i++) {
      try {
        ticket.await();
        return;
      } catch (IOException e) {
        if (i == END_TRIES) {
          throw unavailable("The usage journal cannot be written.");
        }
      }
      try {
        ticket = commit.begin(record, true);
      } catch (IOException e) {
        throw unavailable("The usage journal cannot be written.");
      }
    }
  }

  private static Refusal unavailable(String message) {
    return new Refusal(Refusal.Reason.UNAVAILABLE, message, 1_000, null);
  }

  /** Bytes of records that the database may not have yet. */
  public long bytes() {
    return found + commit.written() - mover.movedBytes();
  }

  /** Milliseconds since the end of the oldest attempt that waits for the database; 0 for none. */
  public long lagMillis() {
    return mover.lagMillis();
  }

  /** The database has all attempts that ended before; milliseconds since 1970. */
  public long completeUntil() {
    return mover.completeUntil();
  }

  /** Attempts that have begun and not ended. */
  public int openAttempts() {
    return open.size();
  }

  /** Attempts of an earlier process that did not end. */
  public int crashed() {
    return crashed;
  }

  /** What could not be read at the start. */
  public List<Damage> damage() {
    return List.copyOf(damage);
  }

  /** Whether the last records could be written. */
  public boolean healthy() {
    return commit.failure() == null && bytes() < options.limitBytes();
  }

  /**
   * Waits until the database has all that ended before.
   *
   * @return false when it took longer
   */
  public boolean flush(Duration most) throws InterruptedException {
    return mover.flush(commit.durable(), most);
  }

  /** Brings the rest into the database, if it takes it, and closes the files. */
  @Override
  public void close() {
    commit.close();
    mover.close();
    closeQuietly(lockFile);
  }

  private static void closeQuietly(FileChannel file) {
    try {
      file.close();
    } catch (IOException e) {
      // Nothing was written to it.
      return;
    }
  }
}
