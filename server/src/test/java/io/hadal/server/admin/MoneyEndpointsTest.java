package io.hadal.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.chat.Problem;
import io.hadal.formats.Json;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.ledger.SampleUsage;
import io.hadal.platform.ledger.Settled;
import io.hadal.platform.reports.Reconciliation;
import io.hadal.platform.reports.UsageExport;
import io.hadal.platform.reports.UsageReports;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Role;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.server.http.Exchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class MoneyEndpointsTest {
  private static final long NOW = Instant.parse("2026-11-29T12:00:00Z").toEpochMilli();

  private static final Actor ROOT =
      new Actor(null, "root", null, List.of(new Actor.Grant(Role.OWNER, "all", "*")), "::1");

  private static final Actor ANNA =
      new Actor(
          "usr_a",
          "anna",
          "org_a",
          List.of(
              new Actor.Grant(Role.BILLING, "project", "p1"),
              new Actor.Grant(Role.VIEWER, "team", "team_p2")),
          "::1");

  private Database database;
  private List<Endpoint> endpoints = List.of();

  MoneyEndpointsTest() {
    database = TestDatabases.open(DatabaseKind.SQLITE);
  }

  @BeforeEach
  void fill() {
    database.run(
        h -> {
          h.execute("INSERT INTO org VALUES ('org_a', 'A', 'active', NULL, 1)");
          for (int i = 0; i < 3; i++) {
            h.execute("INSERT INTO team VALUES (?, 'org_a', ?, 1)", "team_p" + i, "t" + i);
            h.execute(
                "INSERT INTO project VALUES (?, 'org_a', ?, ?, ?, 'active', '{}', 1)",
                "p" + i,
                "team_p" + i,
                "s" + i,
                "Project " + i);
          }
        });
    SampleUsage usage = new SampleUsage(database);
    List<Settled> all = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      all.add(
          new Settled(
              usage.event(
                  SampleUsage.work("p" + i % 3, "r" + i, 1),
                  NOW - i * 600_000L,
                  Outcome.COMPLETED,
                  Quantities.tokens(100, 0, 0, 10, 0),
                  null),
              30_000));
    }
    usage.store(all);
    Clock clock = Clock.fixed(Instant.ofEpochMilli(NOW + 60_000), ZoneOffset.UTC);
    // Viewers read usage, and no money.
    ActorScope scopes =
        new ActorScope(
            database,
            (role, permission) ->
                role == Role.OWNER
                    || role == Role.BILLING
                    || (permission.verb() == Permission.Verb.READ
                        && permission.resource() == Permission.Resource.USAGE));
    UsageReports reports = new UsageReports(database);
    List<Endpoint> list = new ArrayList<>();
    list.addAll(
        new UsageEndpoints(reports, new UsageExport(database, usage.prices), scopes, clock)
            .endpoints());
    list.addAll(
        new LedgerEndpoints(usage.ledger, new LedgerVerifier(database), scopes).endpoints());
    list.addAll(new ReconciliationEndpoints(new Reconciliation(database), scopes).endpoints());
    list.addAll(new PriceEndpoints(usage.prices, scopes, clock).endpoints());
    list.addAll(new RequestEndpoints(reports, scopes).endpoints());
    endpoints = list;
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void usageReachesAsFarAsTheRoles() throws IOException {
    JsonNode all = get(ROOT, "/usage", Map.of("by", "project,version"));
    assertThat(all.get("data").size()).isEqualTo(3);
    assertThat(all.get("total").get("requests").longValue()).isEqualTo(30);
    assertThat(all.get("total").get("cost_usd").stringValue()).isEqualTo("0.00063");
    JsonNode some = get(ANNA, "/usage", Map.of("by", "project"));
    assertThat(some.get("total").get("requests").longValue()).isEqualTo(20);
    // What upstreams bill is of the books, which a viewer of one of her projects does not read.
    for (String hidden : List.of("upstream_cost_nano", "upstream_cost_usd", "margin_usd")) {
      assertThat(all.get("total").get(hidden).isNull()).as(hidden).isFalse();
      assertThat(some.get("total").get(hidden).isNull()).as(hidden).isTrue();
      assertThat(some.get("data").get(0).get(hidden).isNull()).as(hidden).isTrue();
    }
    JsonNode one = get(ANNA, "/usage", Map.of("project", "p0"));
    assertThat(one.get("total").get("requests").longValue()).isZero();
    JsonNode series = get(ANNA, "/usage/series", Map.of("interval", "hour", "split", "project"));
    assertThat(series.get("data").get(0).get("time").stringValue())
        .isEqualTo("2026-11-29T07:00:00Z");
    assertThatThrownBy(() -> get(ANNA, "/usage", Map.of("by", "nothing")))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("nothing");
    assertThatThrownBy(() -> get(ANNA, "/usage", Map.of("projct", "p0")))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("projct is unknown");
    assertThatThrownBy(() -> get(ANNA, "/usage", Map.of("from", "yesterday")))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("from");
  }

  @Test
  void exportsAreStreamed() throws IOException {
    TestExchange exchange = new TestExchange();
    JsonNode answer =
        call(ANNA, "GET", "/usage/export", Map.of(), Map.of("format", "csv"), "{}", exchange);
    assertThat(answer).isNull();
    String csv = exchange.out.toString(StandardCharsets.UTF_8);
    // Anna may export one project.
    assertThat(csv.lines()).hasSize(11);
    assertThat(exchange.headers.get("content-disposition")).contains("usage.csv");
  }

  @Test
  void requestsAreSearched() throws IOException {
    JsonNode page = get(ROOT, "/requests", Map.of("limit", "7", "project", "p1"));
    assertThat(page.get("data").size()).isEqualTo(7);
    JsonNode rest =
        get(
            ROOT,
            "/requests",
            Map.of("limit", "7", "project", "p1", "after", page.get("next").stringValue()));
    assertThat(rest.get("data").size()).isEqualTo(3);
    assertThat(rest.get("next").isNull()).isTrue();
    JsonNode one =
        call(ROOT, "GET", "/requests/{id}", Map.of("id", "r4"), Map.of(), "{}", new TestExchange());
    assertThat(one.get("data").get(0).get("waterfall").get("prefill_ms").longValue()).isEqualTo(45);
    assertThatThrownBy(
            () ->
                call(
                    ANNA,
                    "GET",
                    "/requests/{id}",
                    Map.of("id", "r3"),
                    Map.of(),
                    "{}",
                    new TestExchange()))
        .isInstanceOf(Problem.class);
  }

  @Test
  void moneyComesInAndIsChecked() throws IOException {
    String body = "{\"amount_usd\":\"12.5\",\"ref\":\"pay-1\",\"memo\":\"bank\"}";
    JsonNode done = post(ANNA, "/projects/{id}/topup", Map.of("id", "p1"), body);
    assertThat(done.get("entries").get(1).get("amount_nano").longValue())
        .isEqualTo(12_500_000_000L);
    assertThat(done.get("created_by").stringValue()).isEqualTo("anna");
    post(ANNA, "/projects/{id}/topup", Map.of("id", "p1"), body);
    JsonNode balance =
        call(
            ANNA,
            "GET",
            "/projects/{id}/balance",
            Map.of("id", "p1"),
            Map.of(),
            "{}",
            new TestExchange());
    assertThat(balance.get("prepaid_usd").stringValue()).isEqualTo("12.49979");
    assertThatThrownBy(() -> post(ANNA, "/projects/{id}/topup", Map.of("id", "p2"), body))
        .isInstanceOf(Problem.class);
    assertThatThrownBy(
            () -> post(ANNA, "/projects/{id}/topup", Map.of("id", "p1"), "{\"ref\":\"x\"}"))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("amount_usd");
    assertThatThrownBy(
            () ->
                post(
                    ANNA,
                    "/projects/{id}/grant",
                    Map.of("id", "p1"),
                    "{\"amount_nano\":5,\"ref\":\"pay-1\"}"))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("used before");
    String fix =
        "{\"corrects\":\"pay-1\",\"ref\":\"fix\",\"postings\":["
            + "{\"account\":\"project/p1/prepaid\",\"amount_nano\":-5},"
            + "{\"account\":\"cash\",\"amount_nano\":5}]}";
    assertThatThrownBy(() -> post(ANNA, "/ledger/adjust", Map.of(), fix))
        .isInstanceOf(Refusal.class);
    for (String slip : List.of("memo", "amount_usd", "Amount_nano")) {
      String more = fix.replaceFirst("-5}", "-5,\"" + slip + "\":\"6\"}");
      assertThatThrownBy(() -> post(ROOT, "/ledger/adjust", Map.of(), more))
          .isInstanceOf(Problem.class)
          .hasMessageContaining("account and a whole amount_nano each, no more");
    }
    assertThat(post(ROOT, "/ledger/adjust", Map.of(), fix).get("corrects").stringValue())
        .isEqualTo("pay-1");
    assertThat(post(ROOT, "/ledger/verify", Map.of(), "{}").get("ok").booleanValue()).isTrue();
    JsonNode list = get(ANNA, "/ledger/transactions", Map.of("project", "p1", "kind", "topup"));
    assertThat(list.get("data").size()).isEqualTo(1);
    assertThatThrownBy(() -> get(ANNA, "/ledger/transactions", Map.of()))
        .isInstanceOf(Refusal.class);
    JsonNode accounts = get(ROOT, "/ledger/accounts", Map.of());
    long sum = 0;
    for (JsonNode account : accounts.get("data").values()) {
      sum += account.get("balance_nano").longValue();
    }
    assertThat(sum).isZero();
  }

  @Test
  void filesOfUpstreamsAreCompared() throws IOException {
    String file =
        """
        time,model,input_tokens,output_tokens
        2026-11-29T12:00:00Z,%s,100,10
        2026-11-29T12:30:00Z,other,7,5
        """
            .formatted(SampleUsage.MODEL);
    JsonNode found = reconciled(ROOT, Map.of("backend", "local"), file);
    assertThat(found.get("matched").longValue()).isEqualTo(1);
    assertThat(found.get("differences").longValue()).isEqualTo(1);
    assertThat(found.at("/counts/missing_here").intValue()).isEqualTo(1);
    assertThat(found.get("data").get(0).get("where").stringValue())
        .isEqualTo("2026-11-29T12:00:00Z other");
    assertThat(found.get("data").get(0).get("there").stringValue()).isEqualTo("7+5");
    JsonNode changed = reconciled(ROOT, Map.of("backend", "local"), file.replace("100,10", "9,9"));
    assertThat(changed.get("matched").longValue()).isZero();
    assertThat(changed.at("/counts/tokens").intValue()).isEqualTo(1);
    assertThatThrownBy(() -> reconciled(ROOT, Map.of(), file))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("backend");
    assertThatThrownBy(() -> reconciled(ROOT, Map.of("backend", "Local"), file))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("'Local'")
        .hasMessageContaining("[local]");
    assertThatThrownBy(() -> reconciled(ROOT, Map.of("backend", "local"), "a,b\n1,2\n"))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("must have a column time");
    assertThatThrownBy(() -> reconciled(ANNA, Map.of("backend", "local"), file))
        .isInstanceOf(Refusal.class);
    assertThatThrownBy(
            () ->
                call(
                    ROOT,
                    "POST",
                    "/ledger/reconcile",
                    Map.of(),
                    Map.of("backend", "local"),
                    "{}",
                    new TestExchange()))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("text/csv");
  }

  private JsonNode reconciled(Actor actor, Map<String, String> query, String file)
      throws IOException {
    TestExchange exchange = new TestExchange();
    exchange.type = "text/csv";
    exchange.body = file.getBytes(StandardCharsets.UTF_8);
    // Nothing of it goes into the audit log.
    assertThat(call(actor, "POST", "/ledger/reconcile", Map.of(), query, "{}", exchange)).isNull();
    return Json.parse(exchange.out.toByteArray(), "answer");
  }

  @Test
  void pricesAreAdded() throws IOException {
    String body =
        "{\"version\":\"m@1\",\"project\":\"p1\",\"source\":\"contract\","
            + "\"prices\":{\"request\":7000000000},\"schedule\":[{\"name\":\"night\","
            + "\"from\":\"22:00\",\"to\":\"06:00\",\"prices\":{\"request\":5000000000}}]}";
    JsonNode added = post(ANNA, "/prices", Map.of(), body);
    assertThat(added.get("valid_from").stringValue()).isEqualTo("2026-11-29T12:01:00Z");
    JsonNode day = get(ANNA, "/prices/current", Map.of("version", "m@1", "project", "p1"));
    assertThat(day.get("prices").get("request").longValue()).isEqualTo(7_000_000_000L);
    JsonNode night =
        get(
            ANNA,
            "/prices/current",
            Map.of("version", "m@1", "project", "p1", "at", "2026-11-29T23:00:00Z"));
    assertThat(night.get("prices").get("request").longValue()).isEqualTo(5_000_000_000L);
    assertThat(get(ROOT, "/prices", Map.of()).get("data").size()).isEqualTo(2);
    assertThat(get(ANNA, "/prices", Map.of()).get("data").size()).isEqualTo(1);
    assertThat(get(ANNA, "/prices", Map.of("project", "p1")).get("data").size()).isEqualTo(1);
    assertThatThrownBy(
            () -> post(ANNA, "/prices", Map.of(), body.replace("\"project\":\"p1\",", "")))
        .isInstanceOf(Refusal.class);
    assertThatThrownBy(() -> post(ANNA, "/prices", Map.of(), body.replace("22:00", "late")))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("from");
    // Each of these would make a model free, or cheap at all hours.
    for (String[] slip :
        new String[][] {
          {"\"prices\":{\"request\":7000000000}", "\"prices\":{\"reqest\":7000000000}", "reqest"},
          {"\"prices\":{\"request\":7000000000}", "\"prices\":{}", "must hold a price"},
          {"\"name\":\"night\"", "\"dayz\":[\"mon\"]", "nothing else"},
          {"{\"request\":5000000000}", "{\"input\":1,\"q\":2}", "q is unknown"},
          {"m@1", "m", "must be a version"}
        }) {
      assertThat(body).contains(slip[0]);
      assertThatThrownBy(() -> post(ANNA, "/prices", Map.of(), body.replace(slip[0], slip[1])))
          .isInstanceOf(Problem.class)
          .hasMessageContaining(slip[2]);
    }
  }

  private JsonNode get(Actor actor, String path, Map<String, String> query) throws IOException {
    return call(actor, "GET", path, Map.of(), query, "{}", new TestExchange());
  }

  private JsonNode post(Actor actor, String path, Map<String, String> names, String body)
      throws IOException {
    return call(actor, "POST", path, names, Map.of(), body, new TestExchange());
  }

  @SuppressWarnings("NullAway") // Only the export has no answer, and its test expects that.
  private JsonNode call(
      Actor actor,
      String method,
      String path,
      Map<String, String> names,
      Map<String, String> query,
      String body,
      Exchange exchange)
      throws IOException {
    Endpoint endpoint =
        endpoints.stream()
            .filter(e -> e.method().equals(method) && e.path().equals(path))
            .findFirst()
            .orElseThrow();
    return endpoint
        .handler()
        .handle(
            new AdminCall(
                actor,
                names,
                query,
                Json.parse(body.getBytes(StandardCharsets.UTF_8), "body"),
                exchange,
                "req_1"));
  }

  /** Takes a stream. */
  private static final class TestExchange implements Exchange {
    private final Map<String, String> headers = new HashMap<>();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private @Nullable String type;
    private byte[] body = new byte[0];

    @Override
    public String method() {
      return "GET";
    }

    @Override
    public String target() {
      return path();
    }

    @Override
    public String path() {
      return "/";
    }

    @Override
    public @Nullable String query(String name) {
      return null;
    }

    @Override
    public @Nullable String header(String name) {
      return name.equals("content-type") ? type : null;
    }

    @Override
    public String peer() {
      return "::1";
    }

    @Override
    public byte @Nullable [] body(long limit) {
      return body;
    }

    @Override
    public void setHeader(String name, String value) {
      headers.put(name, value);
    }

    @Override
    public void send(int status, String contentType, byte[] body) {
      out.writeBytes(body);
    }

    @Override
    public OutputStream stream(int status, String contentType) {
      return out;
    }

    @Override
    public boolean answered() {
      return out.size() > 0;
    }

    @Override
    public void watch() {}

    @Override
    public boolean connected() {
      return true;
    }
  }
}
