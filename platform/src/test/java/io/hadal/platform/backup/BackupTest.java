package io.hadal.platform.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.DataFolder;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.journal.Journal;
import io.hadal.platform.journal.JournalOptions;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.ledger.SampleUsage;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupTest {
  @TempDir private Path folder = Path.of("");

  private static Journal journal(DataFolder data, Database database, SampleUsage usage) {
    return Journal.open(
        JournalOptions.of(data.journal(), "n1"),
        database,
        usage.store,
        usage.prices,
        Clock.systemUTC(),
        line -> {});
  }

  private static void attempt(SampleUsage usage, Journal journal, String request) {
    Work work = SampleUsage.work("p1", request, 1);
    long start = System.currentTimeMillis();
    journal.admit(work, start, "hold", 60_000);
    journal.end(
        usage.event(work, start, Outcome.COMPLETED, Quantities.tokens(100, 0, 0, 5, 0), null));
  }

  @Test
  void aCopyOfAFolderInUseHasAllThatHadEnded() throws Exception {
    DataFolder data = new DataFolder(folder.resolve("data")).create();
    Files.writeString(data.pepper(), "1 secret\n");
    Files.writeString(data.path().resolve("other.txt"), "no part of a platform");
    Path copy = folder.resolve("copy");
    List<String> before = new ArrayList<>();
    try (Database database = Database.open(DatabaseOptions.of(data, null, null, null))) {
      SampleUsage usage = new SampleUsage(database);
      try (Journal journal = journal(data, database, usage)) {
        Work open = SampleUsage.work("p1", "open", 1);
        journal.admit(open, System.currentTimeMillis(), "hold", 60_000);
        AtomicBoolean stop = new AtomicBoolean();
        List<String> ended = new ArrayList<>();
        Thread busy =
            Thread.ofPlatform()
                .start(
                    () -> {
                      for (int i = 0; !stop.get(); i++) {
                        attempt(usage, journal, "r" + i);
                        synchronized (ended) {
                          ended.add("r" + i);
                        }
                      }
                    });
        try {
          while (before.size() < 50) {
            Thread.sleep(2);
            synchronized (ended) {
              before.clear();
              before.addAll(ended);
            }
          }
          Backup.create(data, copy, Clock.systemUTC());
        } finally {
          stop.set(true);
          busy.join();
        }
      }
    }
    assertThat(copy.resolve("other.txt")).doesNotExist();
    assertThatThrownBy(() -> Backup.create(data, copy, Clock.systemUTC()))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("nothing is overwritten");
    assertThatThrownBy(() -> Backup.restore(copy, data))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("nothing is overwritten");

    DataFolder again = new DataFolder(folder.resolve("again"));
    Backup.restore(copy, again);
    assertThat(Files.readString(again.pepper())).isEqualTo("1 secret\n");
    try (Database database =
        Database.open(DatabaseOptions.file(again.path().resolve("hadal.db")))) {
      assertThat(new LedgerVerifier(database).verify().ok()).isTrue();
      SampleUsage usage = new SampleUsage(database);
      try (Journal journal = journal(again, database, usage)) {
        assertThat(journal.flush(Duration.ofSeconds(20))).isTrue();
      }
      List<String> requests =
          database.read(
              h -> h.createQuery("SELECT request_id FROM usage_event").mapTo(String.class).list());
      assertThat(requests).doesNotHaveDuplicates().containsAll(before).contains("open");
      assertThat(new LedgerVerifier(database).verify().ok()).isTrue();
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).noneMatch(path -> path.toString().contains("partial"));
    }
  }

  @Test
  void whatWasChangedIsNotRestored() throws Exception {
    DataFolder data = new DataFolder(folder.resolve("data")).create();
    Files.writeString(data.pepper(), "1 secret\n");
    Files.setPosixFilePermissions(data.pepper(), PosixFilePermissions.fromString("rw-r--r--"));
    Path copy = folder.resolve("copy");
    BackupManifest manifest = Backup.create(data, copy, Clock.systemUTC());
    assertThat(manifest.files()).extracting(BackupManifest.Entry::name).containsExactly("pepper");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy.resolve("pepper"))))
        .isEqualTo("rw-------");
    DataFolder to = new DataFolder(folder.resolve("to"));

    Files.writeString(copy.resolve("pepper"), "1 sEcret\n");
    assertThatThrownBy(() -> Backup.restore(copy, to)).hasMessageContaining("SHA-256");
    Files.delete(copy.resolve("pepper"));
    assertThatThrownBy(() -> Backup.restore(copy, to)).hasMessageContaining("missing");
    Path file = copy.resolve("manifest.json");
    Files.writeString(file, Files.readString(file).replace("\"pepper\"", "\"../pepper\""));
    assertThatThrownBy(() -> Backup.restore(copy, to)).hasMessageContaining("no data folder has");
    assertThatThrownBy(() -> Backup.restore(folder.resolve("none"), to))
        .hasMessageContaining("is no backup");
    assertThat(to.path()).doesNotExist();
  }
}
