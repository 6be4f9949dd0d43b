package io.hadal.platform.audit;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.db.TestFolders;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A log with all that belongs to it. */
final class AuditFixture implements AutoCloseable {
  final SteppedClock clock = new SteppedClock();
  final Database database;
  final AuditLog log;
  final Path folder;
  final SigningKey key;
  final Checkpoints checkpoints;
  final AuditVerifier verifier;
  int daily;

  AuditFixture(DatabaseKind kind) {
    folder = TestFolders.create("hadal-audit");
    database = TestDatabases.open(kind);
    log = new AuditLog(database, clock);
    key = SigningKey.open(folder.resolve("audit.key"));
    checkpoints = new Checkpoints(database, key, folder.resolve("checkpoints.jsonl"), clock);
    verifier = new AuditVerifier(List.of(key.publicKey()));
  }

  AuditEvent append(@Nullable String org, int number) {
    return log.append(entry(org, number));
  }

  /** Events of an organisation and of the system, in one transaction. */
  void append(String org, int first, int last) {
    database.run(
        handle -> {
          for (int i = first; i <= last; i++) {
            log.append(handle, entry(org, i));
            log.append(handle, entry(null, i));
          }
        });
  }

  private static AuditEntry entry(@Nullable String org, int number) {
    ObjectNode after = JsonNodeFactory.instance.objectNode();
    after.put("n", number).put("email", "person" + number + "@example.org");
    return new AuditEntry(
        org,
        "prn_1",
        "Ada Lovelace",
        "192.0.2.7",
        "thing.change",
        "thing:" + number,
        null,
        after,
        "req_" + number);
  }

  AuditReport verify() {
    return verifier.database(database, checkpoints.file());
  }

  /** Lets tests do what the triggers stop, as an intruder with all rights could. */
  void withoutTriggers(String... statements) {
    database.run(
        handle -> {
          boolean sqlite = database.kind() == DatabaseKind.SQLITE;
          if (sqlite) {
            for (String trigger :
                List.of(
                    "audit_event_no_update",
                    "audit_event_no_delete",
                    "audit_checkpoint_no_update",
                    "audit_checkpoint_no_delete",
                    "audit_clear_no_update")) {
              handle.execute("DROP TRIGGER IF EXISTS " + trigger);
            }
          } else {
            handle.execute("ALTER TABLE audit_event DISABLE TRIGGER USER");
            handle.execute("ALTER TABLE audit_checkpoint DISABLE TRIGGER USER");
            handle.execute("ALTER TABLE audit_clear DISABLE TRIGGER USER");
          }
          for (String statement : statements) {
            handle.execute(statement);
          }
        });
  }

  @Override
  public void close() {
    database.close();
  }
}
