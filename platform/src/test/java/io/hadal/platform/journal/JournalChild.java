package io.hadal.platform.journal;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.ledger.SampleUsage;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import java.nio.file.Path;
import java.time.Clock;

/** A process that is killed: 50 threads run attempts and say which have ended. */
public final class JournalChild {
  private JournalChild() {}

  public static void main(String[] args) throws Exception {
    Database database = Database.open(DatabaseOptions.file(Path.of(args[0])));
    SampleUsage usage = new SampleUsage(database);
    Journal journal =
        Journal.open(
            JournalOptions.of(Path.of(args[1]), "n1"),
            database,
            usage.store,
            usage.prices,
            Clock.systemUTC(),
            System.err::println);
    for (int t = 0; t < 50; t++) {
      int thread = t;
      Thread.ofPlatform().start(() -> run(usage, journal, thread));
    }
  }

  private static void run(SampleUsage usage, Journal journal, int thread) {
    for (int i = 0; ; i++) {
      Work work = SampleUsage.work("p" + thread % 3, "r" + thread + "-" + i, 1);
      long start = System.currentTimeMillis();
      say("BEGIN " + work.requestId());
      journal.admit(work, start, "hold", 60_000);
      journal.checkpoint(work.requestId(), 1, Quantities.tokens(100, 0, 0, 3, 0));
      journal.end(
          usage.event(
              work, start, Outcome.COMPLETED, Quantities.tokens(100, 0, 0, i % 50, 0), null));
      say("END " + work.requestId());
    }
  }

  private static void say(String line) {
    synchronized (JournalChild.class) {
      System.out.println(line);
      System.out.flush();
    }
  }
}
