package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.Ids;
import io.hadal.platform.budget.Budget;
import io.hadal.platform.budget.BudgetAction;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.budget.SettledSource;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.lease.Window;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.Schedule;
import io.hadal.platform.money.UnitPrices;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The platform in a process of its own, which is killed in the middle. */
class ServePlatformTest {
  private static final int STREAMS = 50;

  @TempDir private Path folder = Path.of("");

  private Process serve() throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                Hadal.class.getName(),
                "serve",
                "--cold",
                "--platform",
                "--data",
                folder.resolve("data").toString(),
                "--config",
                folder.resolve("serve.yaml").toString(),
                "--context",
                "1024",
                "--port",
                "0"))
        .redirectError(ProcessBuilder.Redirect.appendTo(folder.resolve("err").toFile()))
        .start();
  }

  private String url(Process process) throws IOException {
    String line = new BufferedReader(new InputStreamReader(process.getInputStream())).readLine();
    assertThat(line).as(Files.readString(folder.resolve("err"))).startsWith("serving ");
    return line.substring(line.indexOf("http"));
  }

  private static HttpRequest chat(String url, String key, int tokens) {
    return HttpRequest.newBuilder(URI.create(url + "/v1/chat/completions"))
        .header("content-type", "application/json")
        .header("authorization", "Bearer " + key)
        .POST(
            HttpRequest.BodyPublishers.ofString(
                """
                {"model":"hadal-nano","max_tokens":%d,"stream":true,"temperature":0,
                 "messages":[{"role":"user","content":"void add(int value) {"}]}
                """
                    .formatted(tokens)))
        .build();
  }

  @Test
  void secretsThatAreReferredToMustBeThere() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("secrets.yaml"),
            """
            access: {metrics_token: 'env:HADAL_NO_SUCH_VARIABLE'}
            platform: {pepper: 'file:pepper', master_key: 'file:master.key'}
            upstreams: [{name: up, url: 'http://127.0.0.1:1', keys: ['file:up.key', 'env:PATH']}]
            routes: [{model: m, upstreams: [up]}]
            """);
    Invocation checked = Invocation.hadal("config", "check", file.toString());
    assertThat(checked.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(checked.err().lines().map(line -> line.replaceFirst(".*yaml: ", "")).sorted())
        .satisfiesExactly(
            line -> assertThat(line).contains("error: platform.master_key: ", "not exist; write"),
            line -> assertThat(line).startsWith("error: upstreams up: keys: "),
            line -> assertThat(line).startsWith("warning: access.metrics_token: env:HADAL_NO"),
            line -> assertThat(line).contains("warning: platform.pepper: ", "first start"));
    Files.writeString(folder.resolve("master.key"), "k");
    Files.writeString(folder.resolve("up.key"), "two words");
    assertThat(Invocation.hadal("config", "check", file.toString()).err())
        .contains("error: upstreams up: keys: file:up.key: holds no key of printable ASCII")
        .doesNotContain("master_key");
    Files.writeString(folder.resolve("up.key"), "sk-1");
    checked = Invocation.hadal("config", "check", file.toString());
    assertThat(checked.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(checked.out()).contains("ok");
  }

  /** A budget that the requests of the test use up, and tells of, without stopping any. */
  private void budget(int mailPort) throws IOException {
    Files.writeString(
        folder.resolve("serve.yaml"),
        """
        platform:
          enabled: true
          alerts:
            email: {host: 127.0.0.1, port: %d, tls: none, from: hadal@example.com, to: [ops@example.com]}
        """
            .formatted(mailPort));
    Invocation checked =
        Invocation.hadal("config", "check", folder.resolve("serve.yaml").toString());
    assertThat(checked.exitCode()).as(checked.err()).isZero();
    try (Database database =
            Database.open(DatabaseOptions.file(folder.resolve("data").resolve("hadal.db")));
        Budgets budgets =
            new Budgets(
                database,
                LeaseOptions.alone("test"),
                Clock.systemUTC(),
                SettledSource.NONE,
                (handle, alert) -> {});
        PriceBook prices = new PriceBook(database, PriceBook.Unpriced.FREE, Clock.systemUTC())) {
      String project =
          database.read(h -> h.createQuery("SELECT id FROM project").mapTo(String.class).one());
      UnitPrices price = UnitPrices.tokens(1_000_000, 1_000_000, 1_000_000, 1_000_000);
      prices.add(new Price(0, Price.ANY_MODEL, null, 0, null, price, Schedule.NONE, "t", "t", 0));
      budgets.create(
          new Budget(
              Ids.next("bud_"),
              null,
              LimitScope.PROJECT,
              project,
              "little",
              Window.TOTAL,
              ZoneOffset.UTC,
              1000,
              List.of(80),
              BudgetAction.ALERT,
              null,
              false,
              0,
              "test"));
    }
  }

  @Test
  void everyRequestOfAKilledProcessIsRecordedOnce() throws Exception {
    GreenMail mail = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    mail.start();
    try {
      killed(mail);
    } finally {
      mail.stop();
    }
  }

  private void killed(GreenMail mail) throws Exception {
    String data = folder.resolve("data").toString();
    Invocation made = Invocation.hadal("keys", "create", "--name", "test", "--data", data);
    assertThat(made.exitCode()).as(made.err()).isZero();
    String key =
        made.out().lines().filter(line -> line.contains("sk-l-")).findFirst().orElseThrow();
    key = key.substring(key.indexOf("sk-l-")).strip().split("\\s")[0];
    budget(mail.getSmtp().getPort());

    Set<String> begun = ConcurrentHashMap.newKeySet();
    Map<String, String> ended = new ConcurrentHashMap<>();
    AtomicInteger started = new AtomicInteger();
    Process process = serve();
    try (HttpClient http = HttpClient.newHttpClient();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      String url = url(process);
      String text = key;
      for (int i = 0; i < STREAMS; i++) {
        int tokens = i % 2 == 0 ? 4 : 400;
        threads.submit(
            () -> {
              HttpResponse<InputStream> answer =
                  http.send(chat(url, text, tokens), HttpResponse.BodyHandlers.ofInputStream());
              String id = answer.headers().firstValue("x-request-id").orElseThrow();
              begun.add(id);
              started.incrementAndGet();
              String outcome = "COMPLETED";
              try (BufferedReader lines =
                  new BufferedReader(
                      new InputStreamReader(answer.body(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                  if (line.contains("\"finish_reason\":\"length\"")) {
                    outcome = "LENGTH";
                  }
                  if (line.contains("[DONE]")) {
                    ended.put(id, outcome);
                  }
                }
              }
              return id;
            });
      }
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (ended.size() < 5 && System.nanoTime() < end) {
        Thread.sleep(10);
      }
      process.destroyForcibly().waitFor();
    }
    assertThat(ended).hasSizeGreaterThanOrEqualTo(5);
    assertThat(begun).hasSizeGreaterThan(ended.size());

    // The second process settles what the first one left, and serves on.
    Process again = serve();
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpResponse<String> answer =
          http.send(chat(url(again), key, 2), HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(mail.waitForIncomingEmail(20_000, 1)).isTrue();
      assertThat(mail.getReceivedMessages()[0].getSubject())
          .isEqualTo("Hadal: budget 'little' has reached 80 %");
      again.destroy();
      assertThat(again.waitFor(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      again.destroyForcibly();
    }

    try (Database database =
        Database.open(DatabaseOptions.file(folder.resolve("data").resolve("hadal.db")))) {
      Map<String, List<String>> outcomes = new TreeMap<>();
      database.run(
          h ->
              h.createQuery("SELECT request_id, outcome FROM usage_event")
                  .map((rs, ctx) -> Map.entry(rs.getString(1), rs.getString(2)))
                  .forEach(
                      e ->
                          outcomes
                              .computeIfAbsent(e.getKey(), k -> new ArrayList<>())
                              .add(e.getValue())));
      assertThat(outcomes.values()).allMatch(list -> list.size() == 1);
      assertThat(outcomes.keySet()).containsAll(begun);
      ended.forEach((id, outcome) -> assertThat(outcomes.get(id)).as(id).containsExactly(outcome));
      assertThat(outcomes.values()).contains(List.of("CRASHED"));
      assertThat(
              database.<Long>read(
                  h ->
                      h.createQuery(
                              "SELECT coalesce(sum(abs(balance_nano)), 0) FROM ledger_balance"
                                  + " WHERE account_id LIKE 'held%'")
                          .mapTo(Long.class)
                          .one()))
          .isZero();
    }
    Invocation verified = Invocation.hadal("ledger", "verify", "--data", data);
    assertThat(verified.exitCode()).as(verified.err()).isZero();
    assertThat(Files.readString(folder.resolve("err"))).doesNotContain(key, "void add", "\tat ");
  }
}
