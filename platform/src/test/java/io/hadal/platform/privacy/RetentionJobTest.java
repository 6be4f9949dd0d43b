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
import io.hadal.platform.tenancy.ProjectPolicy;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;

class RetentionJobTest {
  private static final long DAY = Duration.ofDays(1).toMillis();

  /** Rows whose person is emptied and whose sums stay, as in the ledger. */
  private record Visits() implements RetentionTarget {
    @Override
    public String name() {
      return "visit";
    }

    @Override
    public int days(ProjectPolicy policy) {
      return policy.retentionDays();
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
            new RetentionJob.Kept("proj_1", "org_a", policy(30, 3)),
            new RetentionJob.Kept("proj_2", "org_a", policy(0, 0)),
            new RetentionJob.Kept("proj_3", "org_b", policy(90, 0)))
        : List.of();
  }

  private static ProjectPolicy policy(int days, int jobDays) {
    return ProjectPolicy.DEFAULT.with(
        JsonNodeFactory.instance
            .objectNode()
            .put("retention_days", days)
            .put("retention_job_days", jobDays));
  }

  @OnBothDatabases
  void eachKindHasDaysOfItsOwn(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      SteppedClock clock = new SteppedClock();
      long now = clock.millis();
      database.run(
          h -> {
            for (String project : List.of("proj_1", "proj_2")) {
              for (int days : List.of(2, 4, 31)) {
                String id = project + "/" + days;
                long at = now - days * DAY;
                for (Long settled : Arrays.asList(at, null)) {
                  h.execute(
                      "INSERT INTO media_job (id, project_id, backend, upstream_id, work, seconds,"
                          + " owner, status, seen, created_at, looked_at, settled_at)"
                          + " VALUES (?, ?, '', '', '', 0, '', '', '', ?, 0, ?)",
                      id + settled,
                      project,
                      at,
                      settled);
                }
                for (String subject : List.of(project + "/hash", project)) {
                  h.execute(
                      "INSERT INTO budget_alert (id, budget_id, subject, window_start, percent,"
                          + " settled_nano, limit_nano, raised_at) VALUES (?, 'b', ?, ?, 80, 1, 1,"
                          + " ?)",
                      id + subject,
                      subject,
                      at,
                      at);
                }
              }
            }
          });
      List<RetentionTarget> targets = List.of(RowRetention.jobs(), RowRetention.endUserAlerts());
      AuditLog log = new AuditLog(database, clock);
      RetentionJob job =
          new RetentionJob(database, RetentionJobTest::projects, log, targets, 0, clock);
      // Jobs of four and 31 days, and an alert of 31: what is not booked, or not of a user, stays.
      assertThat(job.run()).isEqualTo(3);
      assertThat(job.run()).isZero();
      assertThat(log.search(AuditQuery.newest("org_a", 10)).getFirst().record())
          .contains("\"media_job\":{")
          .contains("\"due\":2,\"erased\":2,\"left\":0")
          .contains("\"budget_alert\":{");
    }
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
              "\"visit\":{\"before\":"
                  + (now - 30 * DAY)
                  + ",\"due\":1250,\"erased\":1250,\"left\":0}");
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
