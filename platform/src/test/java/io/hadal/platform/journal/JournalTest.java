package io.hadal.platform.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hadal.formats.FormatException;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.ledger.EventRow;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.ledger.SampleUsage;
import io.hadal.platform.money.Charging;
import io.hadal.platform.reports.UsageFilter;
import io.hadal.platform.reports.UsageQuery;
import io.hadal.platform.reports.UsageReports;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  private static final Quantities TOKENS = Quantities.tokens(100, 10, 0, 20, 5);

  @TempDir private Path folder;
  private final List<String> log = new ArrayList<>();

  @OnBothDatabases
  void eightThreadsBringEachAttemptOnce(DatabaseKind kind) throws Exception {
    try (Database database = TestDatabases.open(kind)) {
      SampleUsage usage = new SampleUsage(database);
      try (Journal journal = open(usage, "a", 16 << 10, 1 << 30, Charging.FAULTS_FREE)) {
        Work slow = SampleUsage.work("p1", "slow", 1);
        journal.admit(slow, 1, "h", 70_000);
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
          List<Future<?>> running = new ArrayList<>();
          for (int t = 0; t < 8; t++) {
            String name = "t" + t;
            running.add(
                threads.submit(
                    () -> {
                      for (int i = 0; i < 40; i++) {
                        run(usage, journal, name + "-" + i);
                      }
                    }));
          }
          for (Future<?> one : running) {
            one.get();
          }
        }
        assertThat(journal.flush(Duration.ofSeconds(20))).isTrue();
        assertThat(journal.openAttempts()).isEqualTo(1);
        assertThat(journal.lagMillis()).isZero();
        assertThat(journal.completeUntil()).isPositive();
        // Files that the database has are gone, though one attempt began in the first.
        assertThat(files()).hasSizeLessThan(4);
        assertThat(journal.ended("slow", 1)).isFalse();
        journal.end(usage.event(slow, 1, Outcome.COMPLETED, TOKENS, null));
        assertThat(journal.ended("slow", 1)).isTrue();
        assertThat(journal.ended("slow", 2)).isFalse();
        assertThat(event(usage, "slow").held()).isEqualTo(70_000);
      }
      assertThat(files()).isEmpty();
      // A node that ended in order keeps no report back; one that did not does.
      UsageReports reports = new UsageReports(database);
      UsageQuery query = new UsageQuery(UsageFilter.ALL, List.of(), false, 1);
      assertThat(reports.run(query).completeUntil())
          .isCloseTo(System.currentTimeMillis(), within(5_000L));
      database.run(
          h -> h.execute("INSERT INTO journal_mark VALUES (?, ?, ?, ?)", "dead", 1, 1, 4711));
      assertThat(reports.run(query).completeUntil()).isEqualTo(4711);
      Journal.imported(database, "dead");
      assertThat(reports.run(query).completeUntil()).isGreaterThan(4711);
      assertThat(
              database.<List<Long>>read(
                  h ->
                      h.createQuery("SELECT complete_until FROM journal_mark")
                          .mapTo(Long.class)
                          .list()))
          .containsExactly(Long.MAX_VALUE, Long.MAX_VALUE);
      assertThat(count(usage)).isEqualTo(321);
      assertBooks(usage);
      assertThat(log).isEmpty();
    }
  }

  @Test
  void endsAreOnTheDeviceWhenTheirWaitingIsOver() throws Exception {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      SampleUsage usage = new SampleUsage(database);
      try (Journal journal = open(usage, "a", 16 << 10, 1 << 30, Charging.FAULTS_FREE)) {
        List<Runnable> waiting = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          Work work = SampleUsage.work("p1", "soon" + i, 1);
          journal.admit(work, 1, "h", 1000);
          waiting.add(journal.ending(usage.event(work, 1, Outcome.COMPLETED, TOKENS, null)));
        }
        assertThat(journal.openAttempts()).isEqualTo(20);
        waiting.forEach(Runnable::run);
        assertThat(journal.openAttempts()).isZero();
        assertThat(journal.flush(Duration.ofSeconds(20))).isTrue();
        assertThat(count(usage)).isEqualTo(20);
      }
    }
  }

  /** Those who wait are virtual threads, which leave the writing to the journal's own. */
  @Test
  void anErrorOfTheWriterLeavesNobodyWaiting() throws Exception {
    AtomicInteger faults = new AtomicInteger();
    Segments segments =
        new Segments(folder) {
          @Override
          FileOutputStream create(long number) throws IOException {
            if (faults.getAndDecrement() > 0) {
              throw new OutOfMemoryError("no room");
            }
            return super.create(number);
          }
        };
    AtomicBoolean listenerFails = new AtomicBoolean();
    CountDownLatch listenerFailed = new CountDownLatch(1);
    // A file takes one record, so that each commit asks for the next one.
    GroupCommit commit =
        new GroupCommit(
            segments,
            1,
            1,
            () -> {
              if (listenerFails.get()) {
                listenerFailed.countDown();
                throw new OutOfMemoryError("no room to tell");
              }
            });
    commit.start();
    try {
      byte[] record = {1, 2, 3};
      Callable<Void> append =
          () -> {
            commit.append(record, true);
            return null;
          };
      started(append).get(5, TimeUnit.SECONDS);
      faults.set(1);
      List<Future<Void>> waiting = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        waiting.add(started(append));
      }
      int lost = 0;
      for (Future<Void> one : waiting) {
        try {
          one.get(5, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
          assertThat(e.getCause()).isInstanceOf(IOException.class).hasMessageContaining("no room");
          lost++;
        }
      }
      assertThat(lost).isPositive();
      listenerFails.set(true);
      started(append).get(5, TimeUnit.SECONDS);
      assertThat(listenerFailed.await(5, TimeUnit.SECONDS)).isTrue();
      listenerFails.set(false);
      started(append).get(5, TimeUnit.SECONDS);
      assertThat(commit.failure()).isNull();
      // The same where the one who waits writes.
      faults.set(1);
      assertThatThrownBy(() -> commit.append(record, true))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no room");
      commit.append(record, true);
      long kept = 0;
      for (long number : segments.list()) {
        kept += segments.size(number);
      }
      assertThat(kept).isEqualTo(record.length * (8L - lost));
    } finally {
      commit.close();
    }
  }

  /** Not of an executor, whose end would wait for one that hangs. */
  private static Future<Void> started(Callable<Void> work) {
    FutureTask<Void> task = new FutureTask<>(work);
    Thread.ofVirtual().start(task);
    return task;
  }

  @Test
  void recordsOfEarlierVersionsHaveNoClass() throws Exception {
    Work work = SampleUsage.work("p1", "r", 1);
    JournalRecord admit = new JournalRecord.Admit(work, 5, "h", 7);
    byte[] bytes = RecordCodec.encode(admit);
    byte[] payload = Arrays.copyOfRange(bytes, RecordCodec.HEADER, bytes.length);
    assertThat(work.priority()).isEqualTo("agent");
    assertThat(RecordCodec.decode(payload)).asString().contains("priority=agent");
    // A flag, a length and the name were added at the end.
    byte[] earlier = Arrays.copyOf(payload, payload.length - 3 - "agent".length());
    assertThat(RecordCodec.decode(earlier))
        .isInstanceOfSatisfying(
            JournalRecord.Admit.class,
            old -> {
              assertThat(old.work().priority()).isNull();
              assertThat(old.held()).isEqualTo(7);
            });
  }

  @Test
  void theDatabaseMayStayAway() throws Exception {
    Path file = TestDatabases.file();
    List<String> ended = new ArrayList<>();
    Database database = Database.open(DatabaseOptions.file(file));
    SampleUsage usage = new SampleUsage(database);
    Journal journal = open(usage, "a", 4096, 64 << 10, Charging.FAULTS_FREE);
    run(usage, journal, "before");
    journal.flush(Duration.ofSeconds(10));
    long price = event(usage, "before").priceBook();
    assertThat(price).isPositive();
    database.close();
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 10_000; i++) {
                run(usage, journal, "while" + i);
                ended.add("while" + i);
              }
            })
        .isInstanceOfSatisfying(
            Refusal.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Refusal.Reason.UNAVAILABLE);
              assertThat(e.message()).contains("limit");
            });
    assertThat(ended).hasSizeGreaterThan(50);
    assertThat(journal.healthy()).isFalse();
    // Records are gathered for a moment before anybody looks at them.
    assertThat(journal.flush(Duration.ofMillis(200))).isFalse();
    assertThat(journal.lagMillis()).isPositive();
    journal.close();
    assertThat(log).anySatisfy(line -> assertThat(line).contains("stays in its files"));
    try (Database again = Database.open(DatabaseOptions.file(file))) {
      SampleUsage usageAgain = new SampleUsage(again);
      try (Journal next = open(usageAgain, "a", 4096, 64 << 10, Charging.FAULTS_FREE)) {
        assertThat(next.flush(Duration.ofSeconds(20))).isTrue();
        assertThat(next.healthy()).isTrue();
        assertThat(count(usageAgain)).isEqualTo(ended.size() + 1);
        run(usageAgain, next, "after");
      }
      assertBooks(usageAgain);
    }
  }

  @Test
  void whatDidNotEndIsSettledAsCrashed() throws Exception {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      SampleUsage usage = new SampleUsage(database);
      abandon(usage, "free");
      try (Journal journal = open(usage, "free", 4096, 1 << 20, Charging.FAULTS_FREE)) {
        assertThat(journal.crashed()).isEqualTo(2);
        assertThat(journal.flush(Duration.ofSeconds(20))).isTrue();
      }
      EventRow crashed = event(usage, "free-open");
      assertThat(crashed.outcome()).isEqualTo("CRASHED");
      assertThat(crashed.quantities()).isEqualTo(TOKENS);
      assertThat(crashed.cost()).isZero();
      assertThat(crashed.held()).isEqualTo(50_000);
      assertThat(event(usage, "free-queued").quantities()).isEqualTo(Quantities.NONE);
      assertThat(event(usage, "free-done").outcome()).isEqualTo("COMPLETED");
      // By the other policy the tokens that came are paid.
      abandon(usage, "paid");
      try (Journal journal = open(usage, "paid", 4096, 1 << 20, Charging.FAULTS_DELIVERED)) {
        assertThat(journal.flush(Duration.ofSeconds(20))).isTrue();
      }
      assertThat(event(usage, "paid-open").cost())
          .isEqualTo(event(usage, "free-done").cost())
          .isPositive();
      assertThat(event(usage, "paid-queued").cost()).isZero();
      assertBooks(usage);
    }
  }

  /** Leaves the files of a process that died: one attempt done, one running, one waiting. */
  private void abandon(SampleUsage usage, String name) throws IOException {
    Path copy = folder.resolve("copy-" + name);
    Files.createDirectories(copy);
    try (Journal journal = open(usage, name, 4096, 1 << 20, Charging.FAULTS_FREE)) {
      Work open = SampleUsage.work("p2", name + "-open", 1);
      journal.admit(open, 1_000, "h1", 50_000);
      journal.admit(SampleUsage.work("p2", name + "-queued", 1), 1_000, "h2", 50_000);
      journal.checkpoint(name + "-open", 1, Quantities.tokens(100, 10, 0, 1, 0));
      journal.checkpoint(name + "-open", 1, TOKENS);
      Work done = SampleUsage.work("p2", name + "-done", 1);
      journal.admit(done, 1_000, null, 0);
      journal.end(usage.event(done, 1_000, Outcome.COMPLETED, TOKENS, null));
      copyFiles(folder.resolve(name), copy);
    }
    copyFiles(copy, folder.resolve(name));
  }

  private static void copyFiles(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".log")).toList()) {
        Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  @Test
  void aTornEndIsNoLoss() throws Exception {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      SampleUsage usage = new SampleUsage(database);
      abandon(usage, "a");
      Path file = files().getLast();
      long size = Files.size(file);
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        // The last record is the end of 'a-done': it was not acknowledged then.
        channel.truncate(size - 7);
      }
      try (Journal journal = open(usage, "a", 4096, 1 << 20, Charging.FAULTS_FREE)) {
        assertThat(journal.damage()).hasSize(1).allMatch(Damage::tornTail);
        assertThat(journal.flush(Duration.ofSeconds(20))).isTrue();
      }
      assertThat(log).singleElement().asString().contains("torn end");
      assertThat(files()).isEmpty();
      assertBooks(usage);
    }
  }

  @Test
  void aFlippedByteIsReportedAndTheRestIsRead() throws Exception {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      SampleUsage usage = new SampleUsage(database);
      abandon(usage, "a");
      Path file = files().getLast();
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        ByteBuffer one = ByteBuffer.allocate(1);
        channel.read(one, 40);
        one.put(0, (byte) (one.get(0) ^ 4)).flip();
        channel.write(one, 40);
      }
      try (Journal journal = open(usage, "a", 4096, 1 << 20, Charging.FAULTS_FREE)) {
        assertThat(journal.damage())
            .singleElement()
            .satisfies(d -> assertThat(d.offset()).isZero())
            .satisfies(d -> assertThat(d.tornTail()).isFalse());
        assertThat(journal.flush(Duration.ofSeconds(20))).isTrue();
      }
      // The first admission is lost, its attempt with it; the file stays for people.
      assertThat(count(usage)).isEqualTo(2);
      assertThat(event(usage, "a-done").outcome()).isEqualTo("COMPLETED");
      try (Stream<Path> all = Files.list(folder.resolve("a"))) {
        assertThat(all.map(f -> f.getFileName().toString()))
            .anyMatch(name -> name.endsWith(".damaged"));
      }
    }
  }

  @Test
  void oneProcessAtATime() {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      SampleUsage usage = new SampleUsage(database);
      try (Journal first = open(usage, "a", 4096, 1 << 20, Charging.FAULTS_FREE)) {
        assertThat(first.bytes()).isZero();
        assertThatThrownBy(() -> open(usage, "a", 4096, 1 << 20, Charging.FAULTS_FREE))
            .isInstanceOf(FormatException.class)
            .hasMessageContaining("another process");
      }
    }
  }

  @Test
  void aKilledProcessLosesNothing() throws Exception {
    Path file = TestDatabases.file();
    Path journalFolder = folder.resolve("kill");
    Process child =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                JournalChild.class.getName(),
                file.toString(),
                journalFolder.toString())
            .redirectError(folder.resolve("child.err").toFile())
            .start();
    Set<String> begun = new HashSet<>();
    Set<String> ended = new HashSet<>();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith("BEGIN ")) {
          begun.add(line.substring(6));
        } else if (line.startsWith("END ")) {
          ended.add(line.substring(4));
        }
        if (ended.size() == 1_000) {
          // Unlike that of the process, this leaves its output readable.
          child.toHandle().destroyForcibly();
        }
      }
    }
    child.waitFor();
    assertThat(ended)
        .as(Files.readString(folder.resolve("child.err")))
        .hasSizeGreaterThanOrEqualTo(1_000);
    try (Database database = Database.open(DatabaseOptions.file(file))) {
      SampleUsage usage = new SampleUsage(database);
      try (Journal journal =
          open(usage, "kill", JournalOptions.SEGMENT_BYTES, 1 << 30, Charging.FAULTS_FREE)) {
        assertThat(journal.flush(Duration.ofSeconds(30))).isTrue();
      }
      Set<String> completed = new HashSet<>();
      Set<String> all = new HashSet<>();
      for (EventRow row :
          new UsageReports(database).search(UsageFilter.ALL, Long.MAX_VALUE, 1_000_000)) {
        assertThat(all.add(row.requestId())).as("one event for %s", row.requestId()).isTrue();
        if (row.outcome().equals("COMPLETED")) {
          completed.add(row.requestId());
        } else {
          assertThat(row.outcome()).isEqualTo("CRASHED");
        }
      }
      assertThat(completed).containsAll(ended);
      assertThat(begun).containsAll(all);
      assertBooks(usage);
      assertThat(usage.ledger.balances())
          .allSatisfy(
              (account, balance) -> {
                if (account.endsWith("/held")) {
                  assertThat(balance).isZero();
                }
              });
    }
  }

  private void assertBooks(SampleUsage usage) {
    assertThat(new LedgerVerifier(usage.database).verify().fault()).isNull();
    assertThat(usage.ledger.balances().values().stream().mapToLong(Long::longValue).sum()).isZero();
  }

  private static void run(SampleUsage usage, Journal journal, String request) {
    Work work = SampleUsage.work("p1", request, 1);
    // Prices of long ago are not known without the database.
    long start = System.currentTimeMillis() - 60_000;
    journal.admit(work, start, "hold", 60_000);
    journal.checkpoint(request, 1, Quantities.tokens(100, 10, 0, 1, 0));
    journal.end(usage.event(work, start, Outcome.COMPLETED, TOKENS, null));
  }

  private Journal open(SampleUsage usage, String name, long segment, long limit, Charging faults) {
    return Journal.open(
        new JournalOptions(folder.resolve(name), "n1", limit, segment, faults),
        usage.database,
        usage.store,
        usage.prices,
        Clock.systemUTC(),
        log::add);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(folder.resolve("a"))) {
      return all.filter(f -> f.toString().endsWith(".log")).sorted().toList();
    }
  }

  private static long count(SampleUsage usage) {
    return usage.database.read(
        h -> h.createQuery("SELECT count(*) FROM usage_event").mapTo(Long.class).one());
  }

  private static EventRow event(SampleUsage usage, String request) {
    return new UsageReports(usage.database)
        .attempts(request, io.hadal.platform.reports.UsageScope.ALL)
        .getFirst();
  }
}
