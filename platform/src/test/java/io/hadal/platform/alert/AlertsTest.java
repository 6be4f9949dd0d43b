package io.hadal.platform.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import com.sun.net.httpserver.HttpServer;
import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import io.hadal.platform.alert.AlertDelivery.State;
import io.hadal.platform.alert.MailOptions.Tls;
import io.hadal.platform.budget.BudgetAlert;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.lease.TestClock;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.probe.QualityAlert;
import io.hadal.platform.registry.DeprecationNotices;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.Samples;
import io.hadal.platform.registry.VersionUsage.Use;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AlertsTest {
  private static final String SECRET = "changeit";
  private static final String NOW = "2026-11-29T12:00:00Z";

  @TempDir private static Path folder = Path.of("");

  private static Path authority = Path.of("");
  private static SSLContext serverTls = serverTls();

  private final TestClock clock = new TestClock(NOW);

  private static SSLContext serverTls() {
    try {
      return SSLContext.getDefault();
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A certificate for the loopback address, which nobody but who is told trusts. */
  @BeforeAll
  static void certificate() throws Exception {
    Path file = folder.resolve("id.p12");
    Process keytool =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-alias",
                    "id",
                    "-keyalg",
                    "EC",
                    "-dname",
                    "CN=mail",
                    "-ext",
                    "san=ip:127.0.0.1",
                    "-validity",
                    "2",
                    "-storetype",
                    "PKCS12",
                    "-storepass",
                    SECRET,
                    "-keystore",
                    file.toString()))
            .redirectErrorStream(true)
            .start();
    keytool.getInputStream().readAllBytes();
    assertThat(keytool.waitFor()).isZero();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, SECRET.toCharArray());
    }
    authority =
        Files.writeString(
            folder.resolve("ca.pem"),
            "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
                .formatted(
                    Base64.getMimeEncoder(64, new byte[] {'\n'})
                        .encodeToString(store.getCertificate("id").getEncoded())));
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, SECRET.toCharArray());
    serverTls = SSLContext.getInstance("TLS");
    serverTls.init(keys.getKeyManagers(), null, null);
    // Where GreenMail finds its own.
    System.setProperty("greenmail.tls.keystore.file", file.toString());
    System.setProperty("greenmail.tls.keystore.password", SECRET);
  }

  private static MailOptions options(int port, Tls tls, @Nullable String password) {
    return new MailOptions(
        "127.0.0.1",
        port,
        tls,
        tls == Tls.NONE ? null : authority,
        password == null ? null : "hadal",
        password == null ? null : new SecretText(password),
        "Hadal <hadal@example.com>",
        List.of("ops@example.com", "lead@example.com"),
        Map.of(
            AlertRule.QUALITY, List.of("models@example.com"), AlertRule.UPSTREAM_KEY, List.of()));
  }

  private static GreenMail greenMail(String protocol) {
    GreenMail server = new GreenMail(new ServerSetup(0, "127.0.0.1", protocol));
    server.setUser("hadal", SECRET);
    server.start();
    return server;
  }

  private static BudgetAlert budget(String name) {
    return new BudgetAlert(
        "alert_1",
        "bud_1",
        name,
        "org_1",
        LimitScope.PROJECT,
        "prj_1",
        0,
        Long.MAX_VALUE,
        80,
        1_600_000_000,
        2_000_000_000,
        1000);
  }

  /** Without threads: tests say when channels look. */
  private Alerts alerts(Database database, AlertChannel... channels) {
    return new Alerts(database, List.of(channels), clock, false);
  }

  private static void tick(Alerts alerts) throws InterruptedException {
    for (ChannelWorker worker : alerts.workers()) {
      worker.tick();
    }
  }

  private static void raise(Database database, Alerts alerts, Alert alert) {
    database.run(h -> alerts.raise(h, alert));
  }

  @Test
  void mailsArriveByTlsForThoseTheyAreFor() throws Exception {
    GreenMail server = greenMail(ServerSetup.PROTOCOL_SMTPS);
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE);
        Alerts alerts =
            new Alerts(
                database,
                new AlertOptions(null, options(server.getSmtps().getPort(), Tls.IMPLICIT, SECRET)),
                clock)) {
      // From any thread, and without waiting for it.
      alerts.raise(budget("Größe\r\nBcc: x@example.com\n\n.\nQUIT").alert());
      assertThat(server.waitForIncomingEmail(10_000, 2)).isTrue();
      MimeMessage first = server.getReceivedMessages()[0];
      assertThat(first.getSubject())
          .isEqualTo("Hadal: budget 'Größe  Bcc: x@example.com  . QUIT' has reached 80 %");
      assertThat(first.getHeader("Bcc")).isNull();
      assertThat(first.getFrom()[0]).hasToString("Hadal <hadal@example.com>");
      assertThat(first.getHeader("Auto-Submitted")).containsExactly("auto-generated");
      assertThat(first.getMessageID()).startsWith("<dlv_").endsWith("@hadal>");
      assertThat(first.getContent().toString())
          .contains("of the project prj_1 has reached 80 %", "Spent:  1.6 USD", "Limit:  2 USD");
      assertThat(server.getReceivedMessages())
          .extracting(m -> m.getAllRecipients()[0].toString())
          .containsExactlyInAnyOrder("ops@example.com", "lead@example.com");

      assertThat(alerts.once(new QualityAlert("m@1", "west", "why").alert(clock.instant()), "m@1"))
          .isTrue();
      assertThat(server.waitForIncomingEmail(10_000, 3)).isTrue();
      assertThat(server.getReceivedMessages()[2].getAllRecipients()[0])
          .hasToString("models@example.com");
      await(() -> alerts.channels().getFirst().delivered() == 3);
      assertThat(alerts.channels().getFirst().target()).startsWith("127.0.0.1:");
    } finally {
      server.stop();
    }
  }

  @Test
  void noSecretGoesWhereItIsNotSafe() throws Exception {
    GreenMail server = greenMail(ServerSetup.PROTOCOL_SMTPS);
    GreenMail plain = greenMail(ServerSetup.PROTOCOL_SMTP);
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      MailOptions good = options(server.getSmtps().getPort(), Tls.IMPLICIT, SECRET);
      assertThat(problem(database, options(good.port(), Tls.IMPLICIT, "wrong")))
          .contains("refused user and password");
      // It must not go on in the clear.
      assertThat(problem(database, options(plain.getSmtp().getPort(), Tls.STARTTLS, SECRET)))
          .contains("no STARTTLS");
      assertThat(server.getReceivedMessages()).isEmpty();
      assertThat(plain.getReceivedMessages()).isEmpty();
      // A relay without sign-in.
      assertThat(problem(database, options(plain.getSmtp().getPort(), Tls.NONE, null))).isEmpty();
      assertThat(plain.getReceivedMessages()).hasSize(2);
    } finally {
      server.stop();
      plain.stop();
    }
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE);
        SmtpScript script = new SmtpScript(serverTls, "250 well")) {
      assertThat(problem(database, options(script.port(), Tls.STARTTLS, null))).isEmpty();
      assertThat(script.heard).contains("open STARTTLS");
      assertThat(script.heard).anyMatch(line -> line.startsWith("tls RCPT"));
      assertThat(script.heard).noneMatch(line -> line.startsWith("open MAIL"));
      script.heard.clear();
      MailOptions untrusted =
          new MailOptions(
              "127.0.0.1",
              script.port(),
              Tls.STARTTLS,
              null,
              "hadal",
              new SecretText(SECRET),
              "hadal@example.com",
              List.of("ops@example.com"),
              Map.of());
      assertThat(problem(database, untrusted))
          .isEqualTo("no TLS that can be trusted with the server");
      assertThat(script.heard).noneMatch(line -> line.startsWith("tls"));
    }
  }

  /** Why a test does not arrive; empty when it does. */
  private String problem(Database database, MailOptions options) throws InterruptedException {
    try (Alerts alerts = alerts(database, new MailChannel(options))) {
      String id = alerts.test("ann");
      tick(alerts);
      List<String> problems = new ArrayList<>();
      for (AlertDelivery one : alerts.deliveries(null, null, 100)) {
        if (one.alert().equals(id) && one.problem() != null) {
          problems.add(one.problem());
        }
      }
      database.run(h -> h.execute("DELETE FROM alert_delivery"));
      return String.join(", ", problems);
    }
  }

  @OnBothDatabases
  void whatFailsIsTriedLaterEachTimeAndSeen(DatabaseKind kind) throws Exception {
    try (Database database = TestDatabases.open(kind);
        SmtpScript script = new SmtpScript(null, "451 later");
        Alerts alerts = alerts(database, new MailChannel(options(script.port(), Tls.NONE, null)));
        Alerts other = alerts(database, new MailChannel(options(script.port(), Tls.NONE, null)))) {
      raise(database, alerts, budget("team").alert());
      // The same again is no other alert.
      raise(database, alerts, budget("team").alert());
      assertThat(alerts.deliveries(State.WAITING, null, 10)).hasSize(2);
      tick(alerts);
      assertThat(alerts.deliveries(State.WAITING, null, 10))
          .allSatisfy(
              one -> {
                assertThat(one.attempts()).isEqualTo(1);
                assertThat(one.problem()).isEqualTo("the server answered 451");
                assertThat(one.nextAt()).isEqualTo(clock.millis() + 5_000);
              });
      tick(alerts);
      tick(other);
      assertThat(alerts.channels().getFirst().retries()).isEqualTo(2);
      assertThat(other.channels().getFirst().waiting()).isEqualTo(2);
      // Any node goes on with it.
      clock.advance(5_000);
      tick(other);
      assertThat(other.channels().getFirst().retries()).isEqualTo(2);
      assertThat(alerts.deliveries(State.WAITING, null, 1).getFirst().nextAt())
          .isEqualTo(clock.millis() + 10_000);
      script.recipientReply("250 well");
      clock.advance(10_000);
      tick(alerts);
      assertThat(alerts.deliveries(State.DELIVERED, null, 10)).hasSize(2);
      assertThat(alerts.channels().getFirst().delivered()).isEqualTo(2);

      // What cannot get better is given up at once.
      script.recipientReply("550 nobody");
      alerts.test("ann");
      tick(alerts);
      List<AlertDelivery> failed = alerts.deliveries(State.FAILED, null, 10);
      assertThat(failed)
          .hasSize(2)
          .allMatch(one -> "the server answered 550".equals(one.problem()))
          .allMatch(one -> one.endedAt() != null);
      assertThat(alerts.channels().getFirst().failed()).isEqualTo(2);
      List<AlertDelivery> all = alerts.deliveries(null, null, 10);
      assertThat(all).hasSize(4);
      assertThat(alerts.deliveries(null, all.get(2).id(), 10)).containsExactly(all.get(3));

      // And after a day, what could have.
      script.close();
      alerts.test("ann");
      clock.advance(Duration.ofDays(1).toMillis());
      tick(alerts);
      assertThat(alerts.deliveries(State.FAILED, null, 10))
          .hasSize(4)
          .anyMatch(one -> "no connection to the server".equals(one.problem()));
      clock.advance(Duration.ofDays(31).toMillis());
      alerts.prune();
      assertThat(alerts.deliveries(null, null, 10)).isEmpty();
    }
  }

  @Test
  void pausesGrow() {
    assertThat(ChannelWorker.pause(1)).isEqualTo(Duration.ofSeconds(5));
    assertThat(ChannelWorker.pause(4)).isEqualTo(Duration.ofSeconds(40));
    assertThat(ChannelWorker.pause(500)).isEqualTo(Duration.ofMinutes(10));
  }

  @Test
  void postsToAWebhookUntilItTakesThem() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    List<String> bodies = new ArrayList<>();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/hook",
        exchange -> {
          bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          exchange.sendResponseHeaders(calls.getAndIncrement() == 0 ? 503 : 204, -1);
          exchange.close();
        });
    server.start();
    URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/hook/secret");
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE);
        Alerts alerts = alerts(database, new WebhookChannel(address))) {
      raise(database, alerts, budget("team").alert());
      tick(alerts);
      assertThat(alerts.deliveries(State.WAITING, null, 10).getFirst().problem())
          .isEqualTo("answered with status 503");
      clock.advance(5_000);
      tick(alerts);
      tick(alerts);
      assertThat(bodies).hasSize(2);
      assertThat(bodies.getLast())
          .contains("\"type\":\"budget_alert\"", "\"percent\":80", "\"settled_usd\":\"1.6\"")
          .contains("\"limit_nano\":2000000000", "\"raised_at\":\"1970-01-01T00:00:01Z\"");
      assertThat(alerts.channels().getFirst().target()).isEqualTo("127.0.0.1");
    } finally {
      server.stop(0);
    }
  }

  @OnBothDatabases
  void whatGoesOnIsToldOnce(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        Alerts alerts = alerts(database, new WebhookChannel(URI.create("http://127.0.0.1:1")));
        Alerts other = alerts(database)) {
      QualityAlert worse = new QualityAlert("m@1", "west", "0 % of calls are valid");
      assertThat(alerts.once(worse.alert(clock.instant()), worse.subject())).isTrue();
      assertThat(other.once(worse.alert(clock.instant()), worse.subject())).isFalse();
      assertThat(alerts.once(worse.alert(clock.instant()), "m@1 east")).isTrue();
      assertThat(alerts.deliveries(null, null, 10)).hasSize(2);
      other.over(AlertRule.QUALITY, worse.subject());
      assertThat(alerts.once(worse.alert(clock.instant()), worse.subject())).isTrue();
      assertThat(alerts.deliveries(null, null, 10))
          .hasSize(3)
          .allMatch(one -> one.payload().contains("\"type\":\"quality_alert\""))
          .allMatch(one -> one.body().contains("0 % of calls are valid"));
    }
  }

  @Test
  void endsOfVersionsAreToldOnceForEachStep() {
    Samples.StandingClock days = new Samples.StandingClock();
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE);
        Alerts alerts = alerts(database, new WebhookChannel(URI.create("http://127.0.0.1:1")))) {
      Registry registry = new Registry(database, days);
      ModelVersion version = registry.draft(Samples.routed("nova", "theirs"), "2026-01-01", "me");
      registry.activate(version.id(), "me");
      registry.deprecate(version.id(), null, days.instant().plus(Duration.ofDays(100)), null);
      DeprecationNotices notices =
          new DeprecationNotices(
              registry::versions,
              (versions, from) -> List.of(new Use("nova", "org_1", "prj_7", 12, Instant.EPOCH)),
              alerts,
              days);
      for (int day = 0; day <= 110; day++) {
        notices.run();
        notices.run();
        days.move(Duration.ofDays(1).toMillis());
      }
      assertThat(alerts.deliveries(null, null, 10))
          .extracting(AlertDelivery::subject)
          .containsExactlyInAnyOrder(
              "Hadal: model nova@2026-01-01 ends in 90 days",
              "Hadal: model nova@2026-01-01 ends in 30 days",
              "Hadal: model nova@2026-01-01 ends in 7 days");
      assertThat(alerts.deliveries(null, null, 1).getFirst().body())
          .contains("- prj_7 of org_1: 12 requests");
    }
  }

  @Test
  void optionsAreChecked() throws IOException {
    assertThat(options(587, Tls.STARTTLS, SECRET)).hasToString("MailOptions[127.0.0.1:587]");
    for (String bad :
        List.of("b\r\nBcc: c@example.com", "nobody", "a@b@c", "", "ops@exämple.com", "a@b, c@d")) {
      assertThatThrownBy(() -> mail("mail.example", Tls.IMPLICIT, "hadal@example.com", bad))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("alerts.email.to")
          .hasMessageNotContaining("\n");
      assertThatThrownBy(() -> mail("mail.example", Tls.IMPLICIT, bad, "ops@example.com"))
          .hasMessageContaining("alerts.email.from");
    }
    assertThatThrownBy(() -> mail("mail.example", Tls.NONE, "a@example.com", "b@example.com"))
        .hasMessageContaining("alerts.email.tls");
    assertThatThrownBy(() -> mail("x\r\ny", Tls.IMPLICIT, "a@example.com", "b@example.com"))
        .hasMessageContaining("alerts.email.host");
    mail("localhost", Tls.NONE, "a@example.com", "b@example.com");
    Path broken = Files.writeString(folder.resolve("broken.pem"), "nothing");
    assertThatThrownBy(() -> MailChannel.trusting(broken)).hasMessageContaining("certificate");
    assertThatThrownBy(() -> MailChannel.trusting(folder.resolve("none.pem")))
        .hasMessageContaining("cannot be read");
  }

  private static MailOptions mail(String host, Tls tls, String from, String to) {
    return new MailOptions(
        host, 25, tls, null, "u", new SecretText("p"), from, List.of(to), Map.of());
  }

  private static void await(java.util.function.BooleanSupplier condition) {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }
}
