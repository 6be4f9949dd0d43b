package io.hadal.platform.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import io.hadal.platform.budget.BudgetAlert;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.Samples;
import io.hadal.platform.registry.VersionUsage.Use;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MailTest {
  private static MailOptions options(int port, @Nullable String password) {
    return new MailOptions(
        "127.0.0.1",
        port,
        MailOptions.Security.NONE,
        password == null ? null : "hadal",
        password == null ? null : new SecretText(password),
        "hadal@example.com",
        List.of("ops@example.com", "lead@example.com"));
  }

  @Test
  void budgetsThatRunOutAreTold() throws Exception {
    GreenMail server = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    server.setUser("hadal", "secret");
    server.start();
    try (Mailer mailer = new Mailer(options(server.getSmtp().getPort(), "secret"))) {
      new MailAlerts(mailer)
          .raised(
              new BudgetAlert(
                  "alert_1",
                  "bud_1",
                  "Größe\r\nBcc: x@example.com",
                  "org_1",
                  LimitScope.PROJECT,
                  "prj_1",
                  0,
                  Long.MAX_VALUE,
                  80,
                  1_600_000_000,
                  2_000_000_000,
                  1));
      assertThat(server.waitForIncomingEmail(10_000, 2)).isTrue();
      MimeMessage[] got = server.getReceivedMessages();
      assertThat(got).hasSize(2);
      assertThat(got[0].getSubject()).isEqualTo("Budget 'Größe  Bcc: x@example.com' has reached 80 %");
      assertThat(got[0].getHeader("Bcc")).isNull();
      assertThat(got[0].getFrom()[0]).hasToString("hadal@example.com");
      assertThat(got[0].getContent().toString())
          .contains("of the project prj_1 has", "Spent: 1.6 USD", "Limit: 2 USD");
    } finally {
      server.stop();
    }
  }

  @Test
  void aServerThatIsAwayIsTriedAgain() throws Exception {
    GreenMail server = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    server.start();
    int port = server.getSmtp().getPort();
    server.stop();
    try (Mailer mailer = new Mailer(options(port, null), Duration.ofMillis(2))) {
      mailer.send("lost", "text");
      long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (mailer.dropped() == 0 && System.nanoTime() < end) {
        Thread.sleep(5);
      }
      assertThat(mailer.dropped()).isEqualTo(1);
    }
  }

  @Test
  void endsOfVersionsAreToldOnceForEachStep() {
    Samples.StandingClock clock = new Samples.StandingClock();
    List<String> sent = new ArrayList<>();
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      Registry registry = new Registry(database, clock);
      ModelVersion version = registry.draft(Samples.routed("nova", "theirs"), "2026-01-01", "me");
      registry.activate(version.id(), "me");
      registry.deprecate(
          version.id(), null, clock.instant().plus(Duration.ofDays(100)), null);
      DeprecationNotices notices =
          new DeprecationNotices(
              database,
              registry::versions,
              (versions, from) -> List.of(new Use("nova", "org_1", "prj_7", 12, Instant.EPOCH)),
              (subject, text) -> sent.add(subject + "\n" + text),
              clock);
      for (int day = 0; day <= 110; day++) {
        notices.run();
        notices.run();
        clock.move(Duration.ofDays(1).toMillis());
      }
      assertThat(sent).hasSize(3);
      assertThat(sent.get(0))
          .startsWith("Model nova@2026-01-01 ends in 90 days\n")
          .contains("- prj_7 of org_1: 12 requests");
      assertThat(sent.get(1)).contains(" in 30 days");
      assertThat(sent.get(2)).contains(" in 7 days");
    }
  }

  @Test
  void addressesAreChecked() {
    assertThatThrownBy(
            () ->
                new MailOptions(
                    "h", 25, MailOptions.Security.TLS, null, null, "a@example.com", List.of("b\nc")))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("alerts.email.to");
  }
}
