package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.hadal.platform.DataFolder;
import io.hadal.platform.Refusal;
import io.hadal.platform.audit.AuditEvent;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.audit.AuditQuery;
import io.hadal.platform.node.Platform;
import io.hadal.platform.probe.QualityAlert;
import io.hadal.platform.probe.QualityListener;
import io.hadal.server.admin.AnswerCheck;
import io.hadal.server.connect.Client;
import io.hadal.server.connect.Endpoint;
import io.hadal.server.connect.HomeFolder;
import io.hadal.server.connect.Setup;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The whole platform behind a server, driven over HTTP as a person and a client do. */
class PlatformServerTest {
  private static final String JSON = "application/json";

  @TempDir private static Path folder;

  private static Platform platform;
  private static TestServer server;
  private static HttpServer hook;
  private static final BlockingQueue<String> HEARD = new LinkedBlockingQueue<>();
  private static String cookie = "";
  private static AnswerCheck answers;
  private static String csrf = "";
  private static String project = "";

  @BeforeAll
  static void start() throws Exception {
    hook = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    hook.createContext(
        "/secret",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
          HEARD.add(new String(body, StandardCharsets.UTF_8));
        });
    hook.start();
    // As a file of configuration says it.
    Path file =
        Files.writeString(
            folder.resolve("serve.yaml"),
            """
            platform:
              alerts: {webhook: 'http://127.0.0.1:%d/secret'}
              # Before the first start is over, there is no organisation for the group's role.
              oidc:
                issuer: https://login.example
                client_id: hadal
                redirect: https://hadal.example/admin/v1/session/oidc/callback
                groups: [{group: platform, role: admin}]
            """
                .formatted(hook.getAddress().getPort()));
    platform =
        Platform.open(
            ServeConfig.read(file).platform().options(new DataFolder(folder.resolve("data"))),
            line -> {});
    server = TestServer.with(PlatformWiring.access(platform, false));
    String password = Objects.requireNonNull(platform.firstPassword()).reveal();
    HttpResponse<String> in =
        server.send(
            server
                .request("/admin/v1/session")
                .header("content-type", JSON)
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"name\":\"administrator\",\"password\":\"" + password + "\"}"))
                .build());
    assertThat(in.statusCode()).as(in.body()).isEqualTo(200);
    cookie = in.headers().firstValue("set-cookie").orElseThrow().replaceFirst(";.*", "");
    csrf = TestServer.json(in).at("/csrf_token").asString();
    answers = new AnswerCheck(TestServer.json(ask("GET", "/openapi.json", "")));
    project = admin("GET", "/projects", "").at("/data/0/id").asString();
    admin(
        "POST",
        "/prices",
        """
        {"version": "tiny@2026-01-01", "source": "test",
         "prices": {"input": 1000000, "cache_read": 100000, "cache_write": 1000000,
                    "output": 5000000, "reasoning": 5000000}}
        """);
  }

  @AfterAll
  static void stop() {
    server.close();
    platform.close();
    hook.stop(0);
  }

  private static HttpResponse<String> ask(String method, String path, String body) {
    HttpRequest.Builder request =
        server
            .request("/admin/v1" + path)
            .header("content-type", JSON)
            .header("cookie", cookie)
            .header("x-csrf-token", csrf);
    return server.send(
        request
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private static JsonNode admin(String method, String path, String body) {
    HttpResponse<String> answer = ask(method, path, body);
    assertThat(answer.statusCode()).as(path + ": " + answer.body()).isBetween(200, 299);
    answers.check(method, path, answer.statusCode(), answer.body());
    return answer.body().isEmpty() ? TestServer.json("{}") : TestServer.json(answer);
  }

  private static JsonNode heard(String type) throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      String body = HEARD.poll(10, TimeUnit.SECONDS);
      assertThat(body).as("an alert").isNotNull();
      JsonNode json = TestServer.json(Objects.requireNonNull(body));
      if (json.at("/type").asString().equals(type)) {
        return json;
      }
    }
    throw new AssertionError("no " + type);
  }

  @Test
  void alertsArriveAndAreSeen() throws Exception {
    String id = admin("POST", "/alert-tests", "{}").at("/alert_id").asString();
    assertThat(heard("test_alert").at("/id").asString()).isEqualTo(id);

    // A backend that gets worse is told of once, and again when it was well in between.
    QualityListener quality =
        Objects.requireNonNull(PlatformWiring.access(platform, false).names()).trials().alerts();
    QualityAlert worse = new QualityAlert("m@1", "west", "0 % of calls are valid");
    for (int i = 0; i < 2; i++) {
      quality.worse(worse);
      quality.worse(worse);
      assertThat(heard("quality_alert").at("/backend").asString()).isEqualTo("west");
      quality.well("m@1", "west");
    }
    new UpstreamKeyAlerts(platform.alerts(), platform.clock()).keyRefused("deepseek", 0, 402);
    assertThat(heard("upstream_key_alert").at("/status").asInt()).isEqualTo(402);

    JsonNode channel = admin("GET", "/alert-channels", "").at("/data/0");
    assertThat(channel.at("/name").asString()).isEqualTo("webhook");
    assertThat(channel.at("/target").asString()).isEqualTo("127.0.0.1");
    JsonNode first = admin("GET", "/alert-deliveries?limit=2", "");
    assertThat(first.at("/data").size()).isEqualTo(2);
    assertThat(first.toString()).doesNotContain("/secret");
    JsonNode rest = admin("GET", "/alert-deliveries?after=" + first.at("/next").asString(), "");
    assertThat(rest.at("/data").findValuesAsString("rule")).contains("quality", "test");
    assertThat(ask("GET", "/alert-deliveries?state=lost", "").statusCode()).isEqualTo(400);
    String metrics = server.figures();
    assertThat(metrics)
        .contains("llm_alerts_total{channel=\"webhook\",result=\"delivered\"}")
        .contains("llm_alerts_waiting{channel=\"webhook\"}")
        .contains("llm_config_differing_nodes 0.0");
    assertThat(platform.audit().search(AuditQuery.newest("system", 500)))
        .filteredOn(event -> event.record().contains("\"quality.drop\""))
        .hasSize(2);
  }

  private record Key(String id, String text) {}

  private static Key key(String name, String in) {
    JsonNode made =
        admin("POST", "/keys", "{\"name\":\"" + name + "\",\"project\":\"" + in + "\"}");
    return new Key(made.at("/id").asString(), made.at("/text").asString());
  }

  private static String project(String slug) {
    String team = admin("GET", "/teams", "").at("/data/0/id").asString();
    return admin(
            "POST",
            "/projects",
            "{\"team\":\"%s\",\"slug\":\"%s\",\"name\":\"%s\"}".formatted(team, slug, slug))
        .at("/id")
        .asString();
  }

  private static HttpResponse<String> chat(Key key, int tokens, boolean stream) {
    return server.post(
        "/v1/chat/completions",
        "{'model':'tiny','max_tokens':"
            + tokens
            + ",'stream':"
            + stream
            + ",'messages':[{'role':'user','content':'Count to ten'}]}",
        "authorization",
        "Bearer " + key.text);
  }

  @Test
  void whatARequestCostsIsSeenEverywhere() throws Exception {
    String own = project("costs");
    Key key = key("first", own);
    admin("POST", "/projects/" + own + "/topup", "{\"amount_usd\":\"12.50\",\"ref\":\"t1\"}");
    HttpResponse<String> answer = chat(key, 7, false);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode usage = TestServer.json(answer).at("/usage");
    long pico =
        (usage.at("/prompt_tokens").asLong() - usage.at("/prompt_cache_hit_tokens").asLong())
                * 1_000_000
            + usage.at("/prompt_cache_hit_tokens").asLong() * 100_000
            + usage.at("/completion_tokens").asLong() * 5_000_000;
    assertThat(platform.journal().flush(Duration.ofSeconds(20))).isTrue();

    JsonNode report = admin("GET", "/usage?by=project&project=" + own, "");
    assertThat(report.at("/data/0/cost_nano").asLong())
        .as(report.toString())
        .isEqualTo(pico / 1000);
    JsonNode requests = admin("GET", "/requests?project=" + own, "");
    assertThat(requests.at("/data/0/request_id").asString())
        .isEqualTo(answer.headers().firstValue("x-request-id").orElseThrow());
    HttpResponse<String> balance =
        server.get("/user/balance", "authorization", "Bearer " + key.text);
    assertThat(balance.statusCode()).isEqualTo(200);
    assertThat(TestServer.json(balance).at("/balance_infos/0/total_balance").asString())
        .isEqualTo(
            new BigDecimal("12.50")
                .subtract(BigDecimal.valueOf(pico / 1000, 9))
                .setScale(2, java.math.RoundingMode.FLOOR)
                .toPlainString());
    assertThat(admin("POST", "/ledger/verify", "").at("/ok").asBoolean()).isTrue();
    assertThat(admin("POST", "/audit/verify", "").at("/ok").asBoolean()).isTrue();
  }

  @Test
  void twoHundredRequestsAtOnceStayInTheirBudget() throws Exception {
    String own = project("bounded");
    Key key = key("bounded", own);
    // Twenty short answers or so: 256 tokens are held for each, what is left is given back.
    long limit = 2_000_000;
    admin(
        "POST",
        "/budgets",
        """
        {"name": "small", "scope_type": "project", "scope_id": "%s", "window": "total",
         "limit_nano": %d, "action": "block"}
        """
            .formatted(own, limit));
    List<Future<HttpResponse<String>>> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(20)) {
      for (int i = 0; i < 200; i++) {
        boolean stream = i % 2 == 0;
        answers.add(threads.submit(() -> chat(key, 20, stream)));
      }
    }
    int paid = 0;
    int refused = 0;
    for (Future<HttpResponse<String>> one : answers) {
      HttpResponse<String> answer = one.get();
      if (answer.statusCode() == 402) {
        refused++;
      } else if (answer.statusCode() == 200) {
        paid++;
      } else {
        // The queue of the tiny server is short.
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
      }
    }
    assertThat(paid).isPositive();
    assertThat(refused).isPositive();
    assertThat(platform.journal().flush(Duration.ofSeconds(20))).isTrue();
    JsonNode report = admin("GET", "/usage?by=project&project=" + own, "");
    assertThat(report.at("/data/0/cost_nano").asLong()).isBetween(1L, limit);
    assertThat(admin("POST", "/ledger/verify", "").at("/ok").asBoolean()).isTrue();
  }

  @Test
  void scopesAndLimitsOfAKeyHoldFromItsFirstRequest() {
    String body = "{\"project\":\"%s\",\"name\":\"narrow\",%s}";
    JsonNode reads =
        admin("POST", "/keys", body.formatted(project, "\"scopes\":[\"models:read\"]"));
    Key narrow = new Key(reads.at("/id").asString(), reads.at("/text").asString());
    HttpResponse<String> refused = chat(narrow, 1, false);
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("permission_error", "lacks the scope inference");
    JsonNode slow = admin("POST", "/keys", body.formatted(project, "\"limits\":{\"rpm\":1}"));
    Key limited = new Key(slow.at("/id").asString(), slow.at("/text").asString());
    assertThat(chat(limited, 1, false).statusCode()).isEqualTo(200);
    HttpResponse<String> late = chat(limited, 1, false);
    assertThat(late.statusCode()).isEqualTo(429);
    assertThat(late.headers().firstValue("x-ratelimit-limit-requests")).hasValue("1");
    assertThat(late.headers().firstValue("x-ratelimit-remaining-requests")).hasValue("0");
  }

  @Test
  void limitsOfEndUsersHoldForEachOfThem() throws Exception {
    String own = project("users");
    Key key = key("users", own);
    admin(
        "POST",
        "/limits",
        """
        {"scope_type": "end_user", "scope_id": "%s/*", "dimension": "rpm", "amount": 1}
        """
            .formatted(own));
    List<Integer> seen = new ArrayList<>();
    for (String user : List.of("ann", "ann", "bob", "bob")) {
      seen.add(
          server
              .post(
                  "/v1/chat/completions",
                  "{'model':'tiny','max_tokens':1,'user':'%s','messages':[{'role':'user','content':'Hi'}]}"
                      .formatted(user),
                  "authorization",
                  "Bearer " + key.text)
              .statusCode());
    }
    assertThat(seen).containsExactly(200, 429, 200, 429);
    assertThat(platform.journal().flush(Duration.ofSeconds(20))).isTrue();
    JsonNode report = admin("GET", "/usage?by=end_user&project=" + own, "");
    assertThat(report.path("data")).hasSize(2);
    assertThat(report.toString()).doesNotContain("ann", "bob");
  }

  @Test
  void aRevokedKeyIsRefusedAtOnce() {
    Key key = key("short-lived", project);
    assertThat(chat(key, 1, false).statusCode()).isEqualTo(200);
    admin("DELETE", "/keys/" + key.id, "");
    HttpResponse<String> late = chat(key, 1, false);
    assertThat(late.statusCode()).isEqualTo(401);
    assertThat(late.headers().firstValue("x-should-retry")).hasValue("false");
    assertThat(late.body()).doesNotContain(key.text);
    // Who runs the installation did it; it is the organisation's key, and in its chain.
    String org = admin("GET", "/orgs", "").at("/data/0/id").asString();
    String removed = "/audit/events?action=key.remove";
    assertThat(admin("GET", removed + "&org=" + org, "").at("/data/0/object").asString())
        .contains(key.id);
    assertThat(admin("GET", removed, "").path("data")).isEmpty();
    assertThat(ask("GET", "/usage/export?format=csv&org=" + org, "").statusCode()).isEqualTo(200);
    JsonNode exported = admin("GET", "/audit/events?action=usage.export&org=" + org, "");
    assertThat(exported.at("/data/0/after/format").asString()).isEqualTo("csv");
  }

  @Test
  void aChangedPolicyHoldsForTheNextRequest() {
    String own = project("strict");
    Key key = key("strict", own);
    assertThat(chat(key, 1, false).statusCode()).isEqualTo(200);
    admin("PATCH", "/projects/" + own, "{\"policy\": {\"redaction\": \"block\"}}");
    HttpResponse<String> late =
        server.post(
            "/v1/chat/completions",
            "{'model':'tiny','max_tokens':1,'messages':[{'role':'user','content':'a@example.org'}]}",
            "authorization",
            "Bearer " + key.text);
    assertThat(late.body()).contains("redaction_blocked");
    // Its members read what belongs to all, and change nothing of it.
    String org = admin("GET", "/orgs", "").at("/data/0/id").asString();
    String person =
        admin("POST", "/principals", "{\"org\": \"%s\", \"name\": \"Dee\"}".formatted(org))
            .at("/id")
            .asString();
    admin(
        "POST",
        "/grants",
        """
        {"principal": "%s", "role": "developer", "scope_type": "project", "scope_id": "%s"}
        """
            .formatted(person, own));
    String theirs =
        admin(
                "POST",
                "/keys",
                """
                {"project": "%s", "principal": "%s", "name": "d", "scopes": ["admin:*"]}
                """
                    .formatted(own, person))
            .at("/text")
            .asString();
    for (String shared : List.of("/models", "/aliases", "/rollouts", "/quality")) {
      assertThat(server.get("/admin/v1" + shared, "authorization", "Bearer " + theirs).statusCode())
          .as(shared)
          .isEqualTo(200);
    }
    assertThat(
            server
                .post("/admin/v1/models/x/activate", "{}", "authorization", "Bearer " + theirs)
                .statusCode())
        .isEqualTo(403);
    // Nothing was paid ahead, and nothing has to be.
    JsonNode balance =
        TestServer.json(server.get("/user/balance", "authorization", "Bearer " + key.text));
    assertThat(balance.path("is_available").asBoolean()).isTrue();
  }

  @Test
  void theLogHasAChangeOfDataKeysOnce() {
    String org = admin("GET", "/orgs", "").at("/data/0/id").asString();
    int before = keyEvents(org).size();
    admin("POST", "/orgs/" + org + "/data-keys", "");
    List<AuditEvent> events = keyEvents(org);
    assertThat(events).hasSize(before + 1);
    assertThat(events.getFirst().record()).contains("data_key.rotate");
    for (String method : new String[] {"GET", "POST"}) {
      assertThat(ask(method, "/orgs/org_nobody/data-keys", "").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void administratorsReloadAndDrain() {
    assertThat(ask("POST", "/config/reload", "").statusCode()).isEqualTo(404);
    assertThat(ask("POST", "/drain", "").statusCode()).isEqualTo(404);
    AtomicInteger ends = new AtomicInteger();
    server.server.operations(() -> server.server.notReloaded("a slip"), ends::incrementAndGet);
    assertThat(admin("POST", "/config/reload", "").at("/problem").asString()).isEqualTo("a slip");
    assertThat(admin("POST", "/drain", "").at("/draining").asBoolean()).isTrue();
    assertThat(ends).hasValue(1);
    assertThat(platform.audit().search(AuditQuery.newest(AuditLog.SYSTEM, 5)).toString())
        .contains("\"action\":\"config.reload\"", "\"action\":\"config.drain\"");
    assertThat(String.join("\n", server.log))
        .containsPattern("\"operation\":\"admin\".*\"principal\":\"prn_")
        .doesNotContainPattern("\"operation\":\"admin\"(?!.*prn_).*\"outcome\":\"ok\".*session");
  }

  /** The newest first. */
  private static List<AuditEvent> keyEvents(String org) {
    return platform.audit().search(AuditQuery.newest(org, 500)).stream()
        .filter(event -> event.record().matches(".*\"action\":\"(data_key|privacy)\\..*"))
        .toList();
  }

  private static String version(String label) {
    String id =
        admin(
                "POST",
                "/models",
                """
                {"manifest": {"family": "nova", "kind": "routed", "upstream_model": "tiny",
                              "backends": ["local"]}, "version": "%s"}
                """
                    .formatted(label))
            .at("/id")
            .asString();
    admin("POST", "/models/" + id + "/activate", "");
    return id;
  }

  @Test
  void namesOfTheRegistryHoldForRequests() throws Exception {
    Key key = key("names", project);
    String old = version("2026-01-01");
    String next = version("2026-02-01");
    admin("PUT", "/aliases/nova", "{\"version\": \"%s\"}".formatted(old));
    HttpResponse<String> answer = named("nova", key);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.headers().firstValue("x-hadal-model")).hasValue(old);
    assertThat(answer.headers().firstValue("deprecation")).isEmpty();
    admin("POST", "/models/" + old + "/deprecate", "{\"successor\": \"%s\"}".formatted(next));
    assertThat(named("nova", key).headers().firstValue("deprecation")).isPresent();
    assertThat(platform.journal().flush(Duration.ofSeconds(20))).isTrue();
    JsonNode uses = admin("GET", "/usage?by=alias,version&project=" + project, "");
    assertThat(uses.toString()).contains("\"nova\"").contains(old);
    admin("PUT", "/aliases/nova", "{\"version\": \"%s\"}".formatted(next));
    assertThat(named("nova", key).headers().firstValue("x-hadal-model")).hasValue(next);
    admin("POST", "/models/" + old + "/retire", "");
    HttpResponse<String> gone = named(old, key);
    assertThat(gone.statusCode()).isEqualTo(404);
    assertThat(gone.body()).contains(next);
    HttpResponse<String> listed =
        server.get("/v1/models/" + old, "authorization", "Bearer " + key.text);
    assertThat(listed.statusCode()).isEqualTo(404);
    assertThat(listed.body()).contains(next);
  }

  @Test
  void aUsedUpBudgetMayLeadToACheaperModel() {
    String own = project("cheaper");
    Key key = key("cheaper", own);
    admin(
        "POST",
        "/budgets",
        """
        {"name": "cheap", "scope_type": "project", "scope_id": "%s", "window": "total",
         "limit_nano": 1, "action": "downgrade", "downgrade_to": "claude-tiny"}
        """
            .formatted(own));
    // The first one finds out that too little is left, and must not be the one to pay for that.
    HttpResponse<String> answer = named("tiny", key);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.headers().firstValue("x-hadal-downgraded")).hasValue("claude-tiny");
    HttpResponse<String> next = named("tiny", key);
    assertThat(next.headers().firstValue("x-hadal-downgraded")).hasValue("claude-tiny");
  }

  private static HttpResponse<String> named(String model, Key key) {
    return server.post(
        "/v1/chat/completions",
        "{'model':'" + model + "','max_tokens':2,'messages':[{'role':'user','content':'Hello'}]}",
        "authorization",
        "Bearer " + key.text);
  }

  @Test
  void aPromptIsComparedWithTheOneBeforeIt() {
    Key key = key("compared", project("compared"));
    List<String> causes = new ArrayList<>();
    for (String system : List.of("Be brief.", "Be brief.", "Be brief. Today is Monday.")) {
      HttpResponse<String> answer =
          server.post(
              "/v1/chat/completions",
              "{'model':'tiny','max_tokens':1,'messages':[{'role':'system','content':'"
                  + system
                  + "'},{'role':'user','content':'Hello'}]}",
              "authorization",
              "Bearer " + key.text,
              "session-id",
              "s1",
              "x-hadal-explain-cache",
              "true");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      causes.add(answer.headers().firstValue("x-hadal-cache").orElse("").replaceFirst(";.*", ""));
    }
    assertThat(causes).containsExactly("cause=first", "cause=extended", "cause=system_changed");
    JsonNode list = admin("GET", "/cache-explanations?limit=3", "");
    assertThat(list.at("/data/0/cause").asString()).isEqualTo("system_changed");
    assertThat(list.at("/data/0/kind").asString()).isEqualTo("system");
    assertThat(list.toString()).doesNotContain("Monday");
  }

  @Test
  void promisesAboutSpeedAreCounted() throws Exception {
    Key key = key("promised", project("promised"));
    String id =
        admin(
                "POST",
                "/models",
                """
                {"manifest": {"family": "swift", "kind": "routed", "upstream_model": "tiny",
                              "backends": ["local"],
                              "slo": {"ttft_ms": 3600000, "tpot_ms": 0.001, "percent": 90}},
                 "version": "2026-01-01"}
                """)
            .at("/id")
            .asString();
    admin("POST", "/models/" + id + "/activate", "");
    HttpResponse<String> answer =
        server.post(
            "/v1/chat/completions",
            "{'model':'swift','max_tokens':5,'messages':[{'role':'user','content':'Hello'}]}",
            "authorization",
            "Bearer " + key.text);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(platform.journal().flush(Duration.ofSeconds(20))).isTrue();
    JsonNode slo = admin("GET", "/slo", "").at("/data/0");
    assertThat(slo.at("/version").asString()).isEqualTo(id);
    assertThat(slo.at("/first_token/answers").asInt()).isEqualTo(1);
    assertThat(slo.at("/first_token/met").asBoolean()).isTrue();
    // Nothing is that fast.
    assertThat(slo.at("/per_token/in_time").asInt()).isZero();
    assertThat(slo.at("/per_token/met").asBoolean()).isFalse();
    assertThat(
            ask(
                    "POST",
                    "/models",
                    """
                    {"manifest": {"family": "x", "kind": "routed", "upstream_model": "m",
                                  "backends": ["b"], "slo": {"tpot_ms": "soon"}}}
                    """)
                .body())
        .contains("slo.tpot_ms");
  }

  @Test
  void settingsOfClientsAreThoseOfConnect() {
    JsonNode setups =
        admin("GET", "/client-setups?url=http://10.0.0.1:8080&model=tiny&context=4096", "");
    List<String> ids = new ArrayList<>();
    for (JsonNode one : setups.path("data")) {
      ids.add(one.path("id").asString(""));
      Setup setup =
          Objects.requireNonNull(Client.of(ids.getLast()))
              .setup(
                  new Endpoint("http://10.0.0.1:8080", "tiny", 4096, "sk-YOUR-KEY"),
                  HomeFolder.described());
      assertThat(one.path("files").size()).isEqualTo(setup.edits().size());
      for (int i = 0; i < setup.edits().size(); i++) {
        String text = one.at("/files/" + i + "/text").asString("");
        assertThat(text).isEqualTo(setup.edits().get(i).after());
        assertThat(one.at("/files/" + i + "/file").asString("")).startsWith("~/");
        if (one.at("/files/" + i + "/file").asString("").endsWith(".json")) {
          assertThat(TestServer.json(text).isObject()).isTrue();
        }
      }
      // VS Code's provider has no key, and asks the server for models.
      assertThat(one.toString()).contains("http://10.0.0.1:8080").contains("tiny");
    }
    assertThat(ids)
        .containsExactlyElementsOf(Arrays.stream(Client.values()).map(Client::id).toList());
    assertThat(ask("GET", "/client-setups?url=ftp://x", "").statusCode()).isEqualTo(400);
  }

  @Test
  void administrationNeedsASession() {
    HttpResponse<String> answer =
        server.get("/admin/v1/projects", "authorization", "Bearer " + key("plain", project).text);
    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(server.get("/admin/v1/projects").statusCode()).isEqualTo(401);
    assertThat(server.get("/v1/models").statusCode()).isEqualTo(401);
    assertThat(server.get("/metrics").statusCode()).isEqualTo(401);
    assertThat(server.get("/metrics", "cookie", cookie).statusCode()).isEqualTo(200);
    assertThat(server.get("/console/").statusCode()).isEqualTo(200);
    assertThat(server.get("/admin/v1/overview", "cookie", cookie).body()).contains("running");
  }

  @Test
  void contentIsNowhereInTheData() throws Exception {
    String canary = "canary-8f1e6c2d";
    Key key = key("canary", project);
    HttpResponse<String> answer =
        server.post(
            "/v1/chat/completions",
            "{'model':'tiny','max_tokens':2,'messages':[{'role':'user','content':'"
                + canary
                + "'}]}",
            "authorization",
            "Bearer " + key.text);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(platform.journal().flush(Duration.ofSeconds(20))).isTrue();
    try (var files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String text =
            new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(text).as(file.toString()).doesNotContain(canary).doesNotContain(key.text);
      }
    }
    assertThat(server.figures()).doesNotContain(canary);
    assertThat(String.join("\n", server.log)).doesNotContain(canary).doesNotContain(key.text);
  }

  @Test
  void healthInformationNeedsTls() {
    String own = project("health");
    Key key = key("health", own);
    ask("PATCH", "/projects/" + own, "{\"policy\":{\"phi\":true}}");
    PlatformAccess.Keys plain = PlatformWiring.access(platform, false).keys();
    assertThatThrownBy(() -> plain.identify(key.text, "10.1.2.3", null))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("TLS");
    assertThat(plain.identify(key.text, "127.0.0.1", null).policy().zdr()).isTrue();
    PlatformAccess.Keys secure = PlatformWiring.access(platform, true).keys();
    assertThat(secure.identify(key.text, "10.1.2.3", null).project()).isEqualTo(own);
  }

  @Test
  void keptAnswersAreLostWithTheKeyOfTheirOrganisation() {
    Key key = key("kept", project("kept"));
    String body =
        "{'model':'tiny','max_tokens':3,'messages':[{'role':'user','content':'Keep this'}]}";
    String[] headers = {"authorization", "Bearer " + key.text, "idempotency-key", "once"};
    HttpResponse<String> first = server.post("/v1/chat/completions", body, headers);
    HttpResponse<String> again = server.post("/v1/chat/completions", body, headers);
    assertThat(again.headers().firstValue("idempotent-replayed")).hasValue("true");
    assertThat(again.body()).isEqualTo(first.body());
    String org = admin("GET", "/orgs", "").at("/data/0/id").asString();
    assertThat(admin("GET", "/orgs/" + org + "/data-keys", "").path("data")).isNotEmpty();
    admin("DELETE", "/orgs/" + org + "/data-keys?confirm=" + org, "");
    HttpResponse<String> lost = server.post("/v1/chat/completions", body, headers);
    assertThat(lost.statusCode()).as(lost.body()).isEqualTo(409);
    assertThat(lost.body()).contains("idempotency_replay_unavailable");
  }
}
