package io.hadal.platform.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

class AuditScheduleTest {
  private static AuditSchedule schedule(AuditFixture fixture, AuditSchedule.Anchored... anchored) {
    return new AuditSchedule(
        fixture.database,
        fixture.log,
        fixture.checkpoints,
        fixture.verifier,
        List.of(anchored),
        List.of(new AuditSchedule.Daily("count", () -> fixture.daily++)),
        fixture.clock);
  }

  private static long signed(AuditFixture fixture) {
    return fixture.database.<Integer>read(handle -> Checkpoints.stored(handle).size());
  }

  @OnBothDatabases
  void signsAfterFiveMinutesOrAThousandEvents(DatabaseKind kind) throws Exception {
    try (AuditFixture fixture = new AuditFixture(kind)) {
      AuditSchedule schedule = schedule(fixture);
      fixture.append("org_a", 1);
      schedule.tick();
      assertThat(signed(fixture)).isZero();
      fixture.clock.step(Duration.ofMinutes(5));
      schedule.tick();
      schedule.tick();
      assertThat(signed(fixture)).isEqualTo(1);
      fixture.database.run(
          handle -> {
            for (int i = 0; i < 999; i++) {
              fixture.log.append(handle, AuditEntry.system("org_a", "thing.change", "t", null));
            }
          });
      schedule.tick();
      assertThat(signed(fixture)).isEqualTo(1);
      fixture.append("org_a", 2);
      schedule.tick();
      assertThat(signed(fixture)).isEqualTo(2);
      fixture.append("org_b", 1);
      schedule.close();
      assertThat(signed(fixture)).isEqualTo(3);
      assertThat(Files.readAllLines(fixture.checkpoints.file())).hasSize(3);
      assertThat(fixture.verify().faults()).isEmpty();
      assertThat(fixture.verify().unsigned()).isZero();
    }
  }

  @OnBothDatabases
  void anchorsEachHourAndVerifiesEachDayOnOneNode(DatabaseKind kind) {
    try (AuditFixture fixture = new AuditFixture(kind)) {
      AuditSchedule.Anchored ledger = new Anchor("ledger", "00ff");
      AuditSchedule.Anchored idle = new Anchor("idle", null);
      AuditSchedule first = schedule(fixture, ledger, idle);
      AuditSchedule second = schedule(fixture, ledger, idle);
      for (int hour = 0; hour < 25; hour++) {
        first.tick();
        second.tick();
        fixture.clock.step(Duration.ofHours(1));
      }
      assertThat(actions(fixture, "anchor")).isEqualTo(24);
      assertThat(actions(fixture, "audit.verify")).isEqualTo(1);
      assertThat(fixture.daily).isEqualTo(1);
      assertThat(fixture.log.search(AuditQuery.newest(AuditLog.SYSTEM, 100)))
          .anySatisfy(event -> assertThat(event.record()).contains("\"ok\":true"));
      assertThat(fixture.verify().faults()).isEmpty();
    }
  }

  private static int actions(AuditFixture fixture, String action) {
    return fixture
        .log
        .search(
            new AuditQuery(
                AuditLog.SYSTEM, null, action, null, 0, Long.MAX_VALUE, Long.MAX_VALUE, 100))
        .size();
  }

  private record Anchor(String name, @Nullable String hash) implements AuditSchedule.Anchored {}
}
