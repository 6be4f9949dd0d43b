package io.hadal.platform.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.hadal.formats.Json;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

class AuditLogTest {
  @OnBothDatabases
  void eightThreadsMakeOneChainWithoutGaps(DatabaseKind kind) throws Exception {
    try (AuditFixture fixture = new AuditFixture(kind);
        ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<?>> running = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        int thread = t;
        running.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 10; i++) {
                    fixture.append(i % 2 == 0 ? "org_a" : null, 100 * thread + i);
                  }
                }));
      }
      for (Future<?> future : running) {
        future.get();
      }
      AuditReport report = fixture.verify();
      assertThat(report.faults()).isEmpty();
      assertThat(report.events()).isEqualTo(80);
      assertThat(report.unsigned()).isEqualTo(80);
      List<AuditEvent> events = fixture.log.search(AuditQuery.newest("org_a", 500));
      assertThat(events).hasSize(40);
      assertThat(events.getFirst().seq()).isEqualTo(40);
      assertThat(events.getLast().seq()).isEqualTo(1);
    }
  }

  @OnBothDatabases
  void isWrittenWithTheChangeOrNotAtAll(DatabaseKind kind) {
    try (AuditFixture fixture = new AuditFixture(kind)) {
      fixture.append("org_a", 1);
      assertThatThrownBy(
              () ->
                  fixture.database.run(
                      handle -> {
                        fixture.log.append(
                            handle, AuditEntry.system("org_a", "thing.change", "thing", null));
                        throw new IllegalStateException("the change failed");
                      }))
          .hasMessage("the change failed");
      fixture.append("org_a", 2);
      assertThat(fixture.verify().ok()).isTrue();
      assertThat(fixture.verify().events()).isEqualTo(2);
    }
  }

  @OnBothDatabases
  void holdsNoSecretsAndPersonalValuesOnlyAsCommitments(DatabaseKind kind) {
    try (AuditFixture fixture = new AuditFixture(kind)) {
      ObjectNode after = JsonNodeFactory.instance.objectNode();
      after.put("password", "correct horse");
      after.put("secret_mac", "no hash has this");
      after.put("note", "the key is sk-live-abcdefghij-K3yS3cr3tK3yS3cr3tK3yS3cr3tK3yS3cr3tA1b2C3");
      after.put("email", "ada@example.org");
      after.put("limit_nano", 12_345_678_901_234_567L);
      after.put("half", "a\ud800b\u0000");
      after.putPOJO("typed", new Object());
      after.putArray("people").addObject().put("phone", "+49 30 123456");
      AuditEvent event =
          fixture.log.append(
              new AuditEntry(
                  "org_a", "prn_1", "Ada", "192.0.2.7", "key.create", "key:1", null, after, null));
      assertThat(event.record())
          .doesNotContain(
              "correct horse", "no hash has this", "K3yS3", "ada@", "Ada", "192.0.2.7", "123456\"")
          .contains("\"limit_nano\":\"12345678901234567\"");
      assertThat(event.clear())
          .containsOnly(
              entry("/actor_name", "Ada"),
              entry("/actor_ip", "192.0.2.7"),
              entry("/after/email", "ada@example.org"),
              entry("/after/people/0/phone", "+49 30 123456"));
      JsonNode record = Json.parse(event.record().getBytes(StandardCharsets.UTF_8), "record");
      assertThat(record.at("/after/password").stringValue()).isEqualTo("[secret]");
      assertThat(record.at("/after/typed").stringValue()).isEqualTo("[secret]");
      assertThat(record.at("/after/note").stringValue()).isEqualTo("[secret]");
      assertThat(record.at("/after/half").stringValue()).isEqualTo("a\uFFFDb\uFFFD");
      assertThat(fixture.verify().faults()).isEmpty();
    }
  }

  @OnBothDatabases
  void largeStatesAreKeptAsHashes(DatabaseKind kind) {
    try (AuditFixture fixture = new AuditFixture(kind)) {
      ObjectNode after = JsonNodeFactory.instance.objectNode();
      after.put("text", "x".repeat(100_000)).put("email", "ada@example.org");
      AuditEvent event =
          fixture.log.append(AuditEntry.system("org_a", "thing.change", "thing", after));
      assertThat(event.record()).hasSizeLessThan(1000).contains("\"sha256\":");
      assertThat(event.clear()).isEmpty();
      assertThat(fixture.verify().faults()).isEmpty();
    }
  }

  @OnBothDatabases
  void cannotBeChanged(DatabaseKind kind) {
    try (AuditFixture fixture = new AuditFixture(kind)) {
      fixture.append("org_a", 1);
      fixture.checkpoints.signAll();
      for (String statement :
          List.of(
              "UPDATE audit_event SET action = 'x'",
              "DELETE FROM audit_event",
              "UPDATE audit_checkpoint SET hash = 'x'",
              "DELETE FROM audit_checkpoint",
              "UPDATE audit_clear SET value = 'x'",
              "DELETE FROM audit_chain")) {
        assertThatThrownBy(() -> fixture.database.run(handle -> handle.execute(statement)))
            .as(statement)
            .hasStackTraceContaining("audit");
      }
      assertThat(fixture.verify().ok()).isTrue();
    }
  }

  @OnBothDatabases
  void retentionLeavesTheChainValid(DatabaseKind kind) {
    try (AuditFixture fixture = new AuditFixture(kind)) {
      fixture.append("org_a", 1);
      fixture.clock.step(Duration.ofDays(400));
      fixture.append("org_a", 2);
      long yearAgo = fixture.clock.millis() - Duration.ofDays(365).toMillis();
      fixture.database.run(
          handle -> {
            assertThat(fixture.log.personalValues(handle, "org_a", yearAgo)).isEqualTo(3);
            assertThat(fixture.log.erasePersonalValues(handle, "org_a", yearAgo)).isEqualTo(3);
            assertThat(fixture.log.personalValues(handle, "org_a", yearAgo)).isZero();
          });
      List<AuditEvent> events = fixture.log.search(AuditQuery.newest("org_a", 10));
      assertThat(events.get(0).clear()).hasSize(3);
      assertThat(events.get(1).clear()).isEmpty();
      assertThat(fixture.verify().faults()).isEmpty();
    }
  }

  @OnBothDatabases
  void isSearched(DatabaseKind kind) {
    try (AuditFixture fixture = new AuditFixture(kind)) {
      for (int i = 1; i <= 9; i++) {
        fixture.append("org_a", i);
        fixture.clock.step(Duration.ofMinutes(1));
      }
      long start = fixture.clock.millis() - Duration.ofMinutes(9).toMillis();
      fixture.log.anchor("ledger", "ff00");
      assertThat(fixture.log.search(AuditQuery.newest("org_a", 3)))
          .extracting(AuditEvent::seq)
          .containsExactly(9L, 8L, 7L);
      assertThat(search(fixture, null, "thing.*", "thing:3")).containsExactly(3L);
      assertThat(search(fixture, "prn_2", null, null)).isEmpty();
      assertThat(search(fixture, "prn_1", "thing.%", null)).isEmpty();
      assertThat(
              fixture.log.search(
                  new AuditQuery(
                      "org_a", null, null, null, start + 60_000, start + 180_000, 100, 10)))
          .extracting(AuditEvent::seq)
          .containsExactly(3L, 2L);
      assertThat(fixture.log.search(AuditQuery.newest(AuditLog.SYSTEM, 5)))
          .extracting(AuditEvent::record)
          .first()
          .asString()
          .contains("\"action\":\"anchor\"", "\"hash\":\"ff00\"");
      assertThat(fixture.log.chains()).containsExactly("org_a", "system");
    }
  }

  private static List<Long> search(
      AuditFixture fixture,
      @Nullable String actor,
      @Nullable String action,
      @Nullable String object) {
    return fixture
        .log
        .search(
            new AuditQuery("org_a", actor, action, object, 0, Long.MAX_VALUE, Long.MAX_VALUE, 100))
        .stream()
        .map(AuditEvent::seq)
        .toList();
  }
}
