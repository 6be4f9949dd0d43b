package io.hadal.platform.privacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditEvent;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.audit.AuditQuery;
import io.hadal.platform.audit.AuditVerifier;
import io.hadal.platform.audit.SteppedClock;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import java.time.Duration;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

class RetentionJobTest {
  private static final long DAY = Duration.ofDays(1).toMillis();

  /** Rows whose person is emptied and whose sums stay, as in the ledger. */
  private record Visits() implements RetentionTarget {
    @Override
    public String name() {
      return "visit";
    }

    @Override
    public long remaining(Handle handle, String project, long before) {
      return handle
          .createQuery(
              "SELECT count(*) FROM visit WHERE project = ? AND at < ? AND person IS NOT NULL")
          .bind(0, project)
          .bind(1, before)
          .mapTo(Long.class)
          .one();
    }

    @Override
    public int erase(Handle handle, String project, long before, int most) {
      return handle.execute(
          "UPDATE visit SET person = NULL WHERE id IN (SELECT id FROM visit"
              + " WHERE project = ? AND at < ? AND person IS NOT NULL ORDER BY at LIMIT ?)",
          project,
          before,
          most);
    }
  }

  private static List<RetentionJob.Kept> projects(@Nullable String after, int limit) {
    return after == null
        ? List.of(
            new RetentionJob.Kept("proj_1", "org_a", 30),
            new RetentionJob.Kept("proj_2", "org_a", 0),
            new RetentionJob.Kept("proj_3", "org_b", 90))
        : List.of();
  }

  @OnBothDatabases
  void erasesWhatIsTooOldAndProvesIt(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      SteppedClock clock = new SteppedClock();
      AuditLog log = new AuditLog(database, clock);
      long now = clock.millis();
      database.run(
          h -> {
            h.execute(
                "CREATE TABLE visit (id BIGINT PRIMARY KEY, project TEXT, at BIGINT, person TEXT)");
            for (int i = 0; i < 2600; i++) {
              h.execute(
                  "INSERT INTO visit VALUES (?, ?, ?, 'someone')",
                  i,
                  "proj_" + (1 + i % 2),
                  now - (i < 2500 ? 31 : 29) * DAY);
            }
          });
      RetentionJob job =
          new RetentionJob(
              database, RetentionJobTest::projects, log, List.of(new Visits()), 0, clock);
      assertThat(job.run()).isEqualTo(1250);
      assertThat(job.run()).isZero();
      assertThat(count(database, "proj_1")).isEqualTo(50);
      assertThat(count(database, "proj_2")).isEqualTo(1300);
      List<AuditEvent> events = log.search(AuditQuery.newest("org_a", 10));
      assertThat(events).hasSize(1);
      assertThat(events.getFirst().record())
          .contains(
              "\"action\":\"retention.erase\"",
              "\"object\":\"project:proj_1\"",
              "\"visit\":{\"due\":1250,\"erased\":1250,\"left\":0}");
    }
  }

  private static int count(Database database, String project) {
    return database.<Integer>read(
        h ->
            h.createQuery("SELECT count(*) FROM visit WHERE project = ? AND person IS NOT NULL")
                .bind(0, project)
                .mapTo(Integer.class)
                .one());
  }

  @OnBothDatabases
  void erasesPersonalValuesOfTheAuditLog(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      SteppedClock clock = new SteppedClock();
      AuditLog log = new AuditLog(database, clock);
      log.append(
          new AuditEntry(
              "org_a", "prn_1", "Ada", "192.0.2.7", "key.create", "key:1", null, null, null));
      clock.step(Duration.ofDays(10));
      RetentionJob job =
          new RetentionJob(database, RetentionJobTest::projects, log, List.of(), 9, clock);
      assertThat(job.run()).isEqualTo(2);
      assertThat(job.run()).isZero();
      assertThat(log.search(AuditQuery.newest("org_a", 9)).getFirst().record())
          .contains("\"audit\":{\"due\":2,\"erased\":2,\"left\":0}");
      assertThat(new AuditVerifier(List.of()).database(database, null).faults()).isEmpty();
    }
  }

  @OnBothDatabases
  void usageEventsLoseTheirPeople(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      assumeTrue(exists(database), "the ledger is not part of this build");
      SteppedClock clock = new SteppedClock();
      AuditLog log = new AuditLog(database, clock);
      long now = clock.millis();
      database.run(
          h -> {
            for (int i = 1; i <= 20; i++) {
              h.execute(
                  "INSERT INTO usage_event VALUES (?, ?, 1, 1, 1, ?, 'org_a', 'team_1', 'proj_1',"
                      + " 'key_1', NULL, 'user', 'session', '{}', 'openai', 'chat', 'm', 'm@1',"
                      + " 'local', NULL, 'COMPLETED', 200, 1, 0, 0, 1, 0, 0, 0, 0, 1, 7, NULL, 0,"
                      + " NULL, 0, 0, 0, 'hash', NULL)",
                  i,
                  "req_" + i,
                  now - (i <= 12 ? 31 : 29) * DAY);
            }
          });
      RetentionJob job =
          new RetentionJob(
              database, RetentionJobTest::projects, log, List.of(new UsageRetention()), 0, clock);
      assertThat(job.run()).isEqualTo(12);
      assertThat(job.run()).isZero();
      assertThat(
              database.<Long>read(
                  h ->
                      h.createQuery("SELECT sum(cost_nano) FROM usage_event WHERE session IS NULL")
                          .mapTo(Long.class)
                          .one()))
          .isEqualTo(84);
    }
  }

  private static boolean exists(Database database) {
    try {
      database.read(h -> h.createQuery("SELECT count(*) FROM usage_event").mapTo(Long.class).one());
      return true;
    } catch (JdbiException e) {
      return false;
    }
  }
}
