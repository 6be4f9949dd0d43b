package io.hadal.platform.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/** Each way to falsify the database is found. */
class AuditVerifierTest {
  private static final int EVENTS = 20;

  /** Ten events, a checkpoint, ten more and a checkpoint; then somebody does something. */
  private static List<AuditFault> after(DatabaseKind kind, Consumer<AuditFixture> deed) {
    try (AuditFixture fixture = new AuditFixture(kind)) {
      fixture.append("org_a", 1, EVENTS / 2);
      assertThat(fixture.checkpoints.signAll()).isEqualTo(2);
      fixture.append("org_a", EVENTS / 2 + 1, EVENTS);
      assertThat(fixture.checkpoints.signAll()).isEqualTo(2);
      AuditReport before = fixture.verify();
      assertThat(before.faults()).isEmpty();
      assertThat(before.checkpoints()).isEqualTo(4);
      assertThat(before.unsigned()).isZero();
      deed.accept(fixture);
      return fixture.verify().faults();
    }
  }

  private static void only(List<AuditFault> faults, long seq, String why) {
    assertThat(faults).hasSize(1);
    assertThat(faults.getFirst().chain()).isEqualTo("org_a");
    assertThat(faults.getFirst().seq()).isEqualTo(seq);
    assertThat(faults.getFirst().why()).contains(why);
  }

  @OnBothDatabases
  void flippedByte(DatabaseKind kind) {
    only(
        after(
            kind,
            f ->
                f.withoutTriggers(
                    "UPDATE audit_event SET record = replace(record, 'thing.change', 'thing.chance')"
                        + " WHERE chain = 'org_a' AND seq = 7")),
        7,
        "hash");
  }

  @OnBothDatabases
  void changedColumnForSearching(DatabaseKind kind) {
    only(
        after(
            kind,
            f ->
                f.withoutTriggers(
                    "UPDATE audit_event SET actor = 'prn_2' WHERE chain = 'org_a' AND seq = 7")),
        7,
        "column 'actor'");
  }

  @OnBothDatabases
  void changedPersonalValue(DatabaseKind kind) {
    only(
        after(
            kind,
            f ->
                f.withoutTriggers(
                    "UPDATE audit_clear SET value = 'Eve'"
                        + " WHERE chain = 'org_a' AND seq = 4 AND field = '/actor_name'")),
        4,
        "commitment");
  }

  @OnBothDatabases
  void deletedRow(DatabaseKind kind) {
    only(
        after(
            kind,
            f -> f.withoutTriggers("DELETE FROM audit_event WHERE chain = 'org_a' AND seq = 5")),
        5,
        "missing");
  }

  @OnBothDatabases
  void reordered(DatabaseKind kind) {
    only(
        after(
            kind,
            f ->
                f.withoutTriggers(
                    "UPDATE audit_event SET seq = 1000 WHERE chain = 'org_a' AND seq = 8",
                    "UPDATE audit_event SET seq = 8 WHERE chain = 'org_a' AND seq = 9",
                    "UPDATE audit_event SET seq = 9 WHERE chain = 'org_a' AND seq = 1000")),
        8,
        "hash");
  }

  @OnBothDatabases
  void movedToAnotherChain(DatabaseKind kind) {
    List<AuditFault> faults =
        after(
            kind,
            f ->
                f.withoutTriggers(
                    "DELETE FROM audit_event WHERE chain = 'org_a'",
                    "UPDATE audit_event SET chain = 'org_a' WHERE chain = 'system'"));
    assertThat(faults).extracting(AuditFault::chain).containsExactly("org_a", "system");
    assertThat(faults.getFirst().why()).contains("another place");
  }

  @OnBothDatabases
  void truncatedTail(DatabaseKind kind) {
    only(
        after(
            kind,
            f -> f.withoutTriggers("DELETE FROM audit_event WHERE chain = 'org_a' AND seq > 15")),
        16,
        "missing");
  }

  /** The head goes back, too; only the signatures know. */
  @OnBothDatabases
  void truncatedTailWithItsHead(DatabaseKind kind) {
    String[] deed = {
      "DELETE FROM audit_event WHERE chain = 'org_a' AND seq > 15",
      "UPDATE audit_chain SET seq = 15, signed_seq = 10, hash ="
          + " (SELECT hash FROM audit_event WHERE chain = 'org_a' AND seq = 15)"
          + " WHERE chain = 'org_a'"
    };
    only(after(kind, f -> f.withoutTriggers(deed)), 16, "checkpoint names event 20");
    // And when the database's own checkpoints go as well, the file still knows.
    String[] more = {
      deed[0], deed[1], "DELETE FROM audit_checkpoint WHERE chain = 'org_a' AND seq > 15"
    };
    only(after(kind, f -> f.withoutTriggers(more)), 16, "checkpoint names event 20");
  }

  @OnBothDatabases
  void wholeChainDeleted(DatabaseKind kind) {
    only(
        after(
            kind,
            f -> {
              f.withoutTriggers(
                  "DELETE FROM audit_event WHERE chain = 'org_a'",
                  "DELETE FROM audit_checkpoint WHERE chain = 'org_a'",
                  "UPDATE audit_chain SET seq = 0, signed_seq = 0, hash = '"
                      + AuditLog.GENESIS
                      + "' WHERE chain = 'org_a'");
            }),
        1,
        "missing");
  }

  /** All hashes are computed anew behind a changed event; the signed ones do not fit. */
  @OnBothDatabases
  void rewrittenChain(DatabaseKind kind) {
    only(
        after(
            kind,
            f -> {
              f.withoutTriggers();
              f.database.run(handle -> rewrite(handle, 7));
            }),
        10,
        "rewritten");
  }

  private static void rewrite(Handle handle, long from) {
    String previous = "";
    for (ChainCheck.StoredEvent event : AuditVerifier.page(handle, "org_a", 0, 100)) {
      if (event.seq() < from) {
        previous = event.hash();
        continue;
      }
      String old = event.record();
      String record =
          old.replaceFirst("\"prev_hash\":\"[0-9a-f]+\"", "\"prev_hash\":\"" + previous + "\"");
      if (event.seq() == from) {
        record = record.replace("\"n\":7", "\"n\":8");
        assertThat(record).isNotEqualTo(old);
      }
      previous = AuditLog.hash(previous, record);
      handle.execute(
          "UPDATE audit_event SET record = ?, hash = ? WHERE chain = 'org_a' AND seq = ?",
          record,
          previous,
          event.seq());
    }
    handle.execute("UPDATE audit_chain SET hash = ? WHERE chain = 'org_a'", previous);
  }

  @OnBothDatabases
  void forgedCheckpoint(DatabaseKind kind) {
    only(
        after(
            kind,
            f ->
                f.withoutTriggers(
                    "UPDATE audit_checkpoint SET ts = ts + 1 WHERE chain = 'org_a' AND seq = 10")),
        10,
        "forged checkpoint");
    only(
        after(
            kind,
            f -> {
              SigningKey other = SigningKey.open(f.folder.resolve("other.key"));
              String line =
                  Checkpoint.sign(other, "org_a", 12, "00".repeat(32), f.clock.millis()).line();
              write(f, line + "\n");
            }),
        12,
        "not of a known key");
  }

  @OnBothDatabases
  void lineThatACrashCutIsNoFault(DatabaseKind kind) {
    List<AuditFault> faults =
        after(
            kind,
            f -> {
              write(f, "{\"chain\":\"org_a\",\"ha");
              f.append("org_a", 21);
              assertThat(f.verify().ok()).isTrue();
              assertThat(f.checkpoints.signAll()).isEqualTo(1);
            });
    assertThat(faults).isEmpty();
  }

  private static void write(AuditFixture fixture, String text) {
    try {
      Files.writeString(fixture.checkpoints.file(), text, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
