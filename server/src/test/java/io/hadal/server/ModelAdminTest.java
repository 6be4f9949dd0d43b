package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hadal.chat.Problem;
import io.hadal.engine.capacity.CostTable;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.probe.ProbeSuite;
import io.hadal.platform.probe.ProbeTarget;
import io.hadal.platform.registry.ProbeResult;
import io.hadal.platform.registry.ProbeResult.Outcome;
import io.hadal.platform.registry.ProbeStore;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.RunningVersions;
import io.hadal.platform.registry.VersionUsage;
import io.hadal.platform.reports.RecentRequests;
import io.hadal.platform.rollout.Observation;
import io.hadal.platform.rollout.Rollouts;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Role;
import io.hadal.server.admin.AdminCall;
import io.hadal.server.admin.CapacityEndpoints;
import io.hadal.server.admin.Endpoint;
import io.hadal.server.admin.ModelEndpoints;
import io.hadal.server.admin.ProbeEndpoints;
import io.hadal.server.admin.RolloutEndpoints;
import io.hadal.server.http.Exchange;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Models and rollouts over the administration's endpoints, and probes of a real server. */
class ModelAdminTest {
  private static final Actor ROOT = new Actor(null, "root", null, List.of(), "127.0.0.1");
  private static final Actor OWNER =
      new Actor("o", "olga", null, List.of(new Actor.Grant(Role.OWNER, "all", "*")), "127.0.0.1");
  private static final Actor ACME =
      new Actor(
          "p1", "ann", "acme", List.of(new Actor.Grant(Role.ADMIN, "org", "acme")), "127.0.0.1");
  private static final String MANIFEST =
      "'manifest':{'kind':'routed','family':'lab/flash','upstream_model':'u','backends':['b']}";

  private final Database database = TestDatabases.open(DatabaseKind.SQLITE);
  private final Registry registry = new Registry(database, Clock.systemUTC());
  private final Rollouts rollouts =
      new Rollouts(database, registry, Clock.systemUTC(), (event, org) -> {});
  private final ProbeStore probes = new ProbeStore(database, registry);
  private final List<Endpoint> endpoints = new ArrayList<>();
  private final List<RecentRequests.Request> recent = new ArrayList<>();
  private @Nullable CostTable costs;
  @TempDir private Path folder = Path.of("");

  ModelAdminTest() {
    VersionUsage usage =
        (versions, from) ->
            versions.stream()
                .sorted()
                .map(v -> new VersionUsage.Use(v, "acme", "shop", 3, Instant.EPOCH))
                .toList();
    Clock clock = Clock.systemUTC();
    PriceBook prices = new PriceBook(database, PriceBook.Unpriced.FREE, clock);
    endpoints.addAll(
        new ModelEndpoints(registry, prices, probes, usage, RunningVersions.UNKNOWN, clock)
            .endpoints());
    endpoints.addAll(
        new ProbeEndpoints(
                registry,
                probes,
                clock,
                version -> {
                  throw new AssertionError("nothing runs here");
                })
            .endpoints());
    endpoints.addAll(new RolloutEndpoints(rollouts, registry, RunningVersions.UNKNOWN).endpoints());
    endpoints.addAll(
        new CapacityEndpoints(
                () -> costs,
                null,
                () -> costs == null ? List.of() : List.of(costs),
                (hours, most) -> recent.stream().limit(most).toList(),
                DispatcherOptions.defaults())
            .endpoints());
  }

  @AfterEach
  void close() {
    database.close();
  }

  /** Calls an endpoint; single quotes stand for double ones. */
  private @Nullable JsonNode call(
      Actor actor, String method, String path, Map<String, String> names, String body)
      throws IOException {
    Endpoint endpoint =
        endpoints.stream()
            .filter(e -> e.method().equals(method) && e.path().equals(path))
            .findFirst()
            .orElseThrow();
    Map<String, String> segments = new TreeMap<>();
    Map<String, String> query = new TreeMap<>();
    names.forEach((n, v) -> (path.contains("{" + n + "}") ? segments : query).put(n, v));
    Exchange unused =
        (Exchange)
            Proxy.newProxyInstance(
                Exchange.class.getClassLoader(),
                new Class<?>[] {Exchange.class},
                (p, m, a) -> {
                  throw new UnsupportedOperationException(m.getName());
                });
    JsonNode json =
        Json.parse(("{" + body.replace('\'', '"') + "}").getBytes(StandardCharsets.UTF_8), "body");
    return endpoint.handler().handle(new AdminCall(actor, segments, query, json, unused, "req_1"));
  }

  private JsonNode answer(
      Actor actor, String method, String path, Map<String, String> names, String body)
      throws IOException {
    JsonNode json = call(actor, method, path, names, body);
    return json == null ? JsonMapper.shared().missingNode() : json;
  }

  private void addTwo() throws IOException {
    for (String label : List.of("2026-01-01", "2026-02-01")) {
      answer(ROOT, "POST", "/models", Map.of(), "'version':'" + label + "'," + MANIFEST);
      JsonNode active =
          answer(ROOT, "POST", "/models/{id}/activate", Map.of("id", "lab~flash@" + label), "");
      assertThat(active.path("lifecycle").asString()).isEqualTo("active");
    }
  }

  @Test
  void versionsAndNames() throws Exception {
    addTwo();
    JsonNode page = answer(ROOT, "GET", "/models", Map.of("limit", "1"), "");
    assertThat(page.at("/data/0/id").asString()).isEqualTo("lab/flash@2026-01-01");
    String next = page.path("next").asString();
    JsonNode rest = answer(ROOT, "GET", "/models", Map.of("after", next), "");
    assertThat(rest.at("/data/0/id").asString()).isEqualTo("lab/flash@2026-02-01");
    assertThat(rest.path("next").isNull()).isTrue();

    Map<String, String> first = Map.of("id", "lab~flash@2026-01-01");
    JsonNode one = answer(ACME, "GET", "/models/{id}", first, "");
    assertThat(one.at("/manifest/upstream_model").asString()).isEqualTo("u");
    assertThat(one.at("/aliases/0").asString()).isEqualTo("lab/flash");
    // Those of one organisation have their own names, and no others.
    assertThatThrownBy(() -> answer(ACME, "POST", "/models/{id}/retire", first, ""))
        .isInstanceOf(Refusal.class);
    Map<String, String> fast = Map.of("name", "fast");
    String target = "'version':'lab/flash@2026-02-01','reason':'new'";
    assertThatThrownBy(() -> answer(ACME, "PUT", "/aliases/{name}", fast, target))
        .isInstanceOf(Refusal.class);
    assertThatThrownBy(() -> answer(ACME, "PUT", "/aliases/{name}", fast, "'org':'acme'," + target))
        .hasMessageContaining("no such org");
    database.run(h -> h.execute("INSERT INTO org VALUES ('acme', 'acme', 'active', NULL, 1)"));
    answer(ACME, "PUT", "/aliases/{name}", fast, "'org':'acme'," + target);
    JsonNode history =
        answer(ACME, "GET", "/aliases/{name}/history", Map.of("name", "fast", "org", "acme"), "");
    assertThat(history.at("/data/0/by").asString()).isEqualTo("ann");
    assertThat(answer(ACME, "GET", "/aliases", Map.of(), "").path("data").size()).isEqualTo(2);
    // With a slip in org, everybody's name would go.
    assertThatThrownBy(
            () ->
                answer(
                    ROOT,
                    "DELETE",
                    "/aliases/{name}",
                    Map.of("name", "lab~flash", "orgg", "acme"),
                    ""))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("org and reason, nothing else");
    assertThat(answer(ACME, "GET", "/aliases", Map.of(), "").path("data").size()).isEqualTo(2);
    answer(ACME, "DELETE", "/aliases/{name}", Map.of("name", "fast", "org", "acme"), "");
    assertThat(answer(ACME, "GET", "/aliases", Map.of(), "").path("data").size()).isEqualTo(1);

    answer(
        ROOT,
        "POST",
        "/models/{id}/deprecate",
        first,
        "'retires_at':'2030-01-01T00:00:00Z','successor':'lab/flash@2026-02-01'");
    JsonNode use = answer(ACME, "GET", "/model-usage", Map.of(), "");
    assertThat(use.at("/data/0/project").asString()).isEqualTo("shop");
    assertThat(use.at("/data/0/retires_at").asString()).isEqualTo("2030-01-01T00:00:00Z");
    assertThatThrownBy(() -> answer(ROOT, "POST", "/models/{id}/retire", first, ""))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("lab/flash");
    assertThatThrownBy(() -> answer(ROOT, "GET", "/models/{id}", Map.of("id", "no"), ""))
        .isInstanceOf(Problem.class);
    assertThatThrownBy(() -> answer(ROOT, "POST", "/models", Map.of(), "'manifest':{}"))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("kind");
  }

  @Test
  void rolloutsFromDraftToTheWayBack() throws Exception {
    addTwo();
    String plan =
        "'alias':'lab/flash','candidate':'lab/flash@2026-02-01','mode':'canary','percent':100,"
            + "'guards':[{'metric':'error_rate','minimum':5}]";
    assertThatThrownBy(() -> answer(ACME, "POST", "/rollouts", Map.of(), plan))
        .isInstanceOf(Refusal.class);
    String id = answer(ROOT, "POST", "/rollouts", Map.of(), plan).path("id").asString();
    Map<String, String> named = Map.of("id", id);
    assertThat(answer(ROOT, "POST", "/rollouts/{id}/start", named, "").path("state").asString())
        .isEqualTo("running");
    answer(ROOT, "POST", "/rollouts/{id}/percent", named, "'percent':50");
    assertThatThrownBy(() -> answer(ROOT, "POST", "/rollouts/{id}/percent", named, ""))
        .isInstanceOf(Problem.class);
    for (int i = 0; i < 6; i++) {
      rollouts.observe(id, "lab/flash@2026-02-01", Observation.failure());
    }
    JsonNode seen = answer(ACME, "GET", "/rollouts/{id}", named, "");
    assertThat(seen.path("state").asString()).isEqualTo("rolled_back");
    assertThat(seen.at("/events/3/actor").asString()).isEqualTo("guard");
    assertThat(seen.at("/events/3/detail").asString()).contains("error_rate", "5 of");
    assertThat(answer(ROOT, "GET", "/rollouts", Map.of("state", "running"), "").path("data"))
        .isEmpty();
    assertThatThrownBy(() -> answer(ROOT, "POST", "/rollouts/{id}/promote", named, ""))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("rolled_back");
    assertThatThrownBy(
            () ->
                answer(
                    ROOT,
                    "POST",
                    "/rollouts",
                    Map.of(),
                    "'alias':'lab/flash','candidate':'x','mode':'magic'"))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("canary, shadow, blue_green");
  }

  @Test
  void probesTellWhatAServerCanDo() throws Exception {
    answer(
        ROOT,
        "POST",
        "/models",
        Map.of(),
        "'version':'2026-01-01','manifest':{'kind':'routed','family':'tiny',"
            + "'upstream_model':'tiny','backends':['b']}");
    Map<String, String> named = Map.of("id", "tiny@2026-01-01");
    // The tool alone is 900 tokens of the tiny vocabulary.
    try (TestServer server = new TestServer(null, ServerLimits.DEFAULT, 2048, 16)) {
      answer(ROOT, "POST", "/models/{id}/probes", named, "'url':'" + server.url("/v1") + "'");
      JsonNode results = answer(ROOT, "GET", "/models/{id}/probes", named, "");
      long end = System.nanoTime() + 3 * TestServer.PATIENCE.toNanos();
      while (results.path("state").asString().equals("running") && System.nanoTime() < end) {
        Thread.sleep(20);
        results = answer(ROOT, "GET", "/models/{id}/probes", named, "");
      }
      assertThat(results.path("state").asString()).as(results.toString()).isEqualTo("idle");
    }
    Map<String, Outcome> outcomes = new TreeMap<>();
    Map<String, String> details = new TreeMap<>();
    for (ProbeResult result : probes.last("tiny@2026-01-01")) {
      outcomes.put(result.feature(), result.outcome());
      details.put(result.feature(), result.detail());
    }
    // What a grammar or the server gives, a model with random weights has, too.
    for (String feature :
        List.of("chat", "stream", "tools", "strict_tools", "json_schema", "logprobs", "seed")) {
      assertThat(outcomes).as(details.toString()).containsEntry(feature, Outcome.PASSED);
    }
    // What only a good model has, it has not.
    assertThat(outcomes)
        .as(details.toString())
        .containsEntry("parallel_tools", Outcome.FAILED)
        .containsEntry("image", Outcome.FAILED)
        .containsEntry("needle_4k", Outcome.SKIPPED)
        .containsEntry("needle_128k", Outcome.SKIPPED);
    JsonNode features = answer(ROOT, "GET", "/models/{id}", named, "").path("supported_features");
    assertThat(features.toString()).contains("\"tools\"").doesNotContain("image");
  }

  private Path costs() throws IOException {
    return Files.writeString(
        folder.resolve("costs.json"),
        """
        {"schema": 1, "model": "m", "host": "h", "mixed": 1, "step_tokens": 512,
         "prefill": {"tokens": [1, 512], "contexts": [0], "nanos": [[20000000], [60000000]]},
         "decode": {"answers": [1, 32], "contexts": [0], "nanos": [[20000000], [40000000]]},
         "kv_fixed": 0, "kv_per_token": 0, "kv_budget": 0, "residual": 0}
        """);
  }

  @Test
  void capacityIsPlannedWithWhatWasMeasured() throws Exception {
    assertThat(answer(ROOT, "GET", "/capacity", Map.of(), "").path("calibrated").asBoolean())
        .isFalse();
    assertThatThrownBy(() -> answer(ROOT, "POST", "/capacity/plan", Map.of(), ""))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("calibrate");
    costs = CostTable.read(costs());
    JsonNode plan =
        answer(ROOT, "POST", "/capacity/plan", Map.of(), "'rate':20,'growth':2,'output_tokens':50");
    int now = plan.at("/replicas/0/replicas").asInt();
    assertThat(now).isPositive();
    assertThat(plan.at("/replicas/1/replicas").asInt()).isGreaterThan(now);
    assertThat(plan.at("/replicas/0/estimate/ttft_p95_seconds").asDouble()).isLessThan(2);
    assertThat(plan.at("/by_cached/4/most_per_replica").asDouble())
        .isGreaterThan(plan.at("/by_cached/0/most_per_replica").asDouble());
    // The size of steps, another model (here the same), and one of eight tenants that doubles.
    assertThat(plan.at("/by_step_tokens")).hasSize(5);
    assertThat(plan.at("/by_step_tokens/4/estimate")).isEqualTo(plan.at("/replicas/0/estimate"));
    assertThat(plan.at("/by_step_tokens/0/most_per_replica").asDouble())
        .isLessThan(plan.path("most_per_replica").asDouble());
    assertThat(plan.at("/by_model/0/most_per_replica")).isEqualTo(plan.path("most_per_replica"));
    assertThat(plan.at("/by_model/0/replicas").asInt()).isEqualTo(now);
    assertThat(plan.at("/tenant/rate").asDouble()).isCloseTo(22.5, within(1e-6));
    assertThat(plan.at("/tenant/others_see/ttft_p95_seconds").asDouble()).isPositive();
    assertThat(plan.has("mixes")).isFalse();
    for (String wrong :
        List.of("'rate':'x'", "'rate':0", "'tenant_share':1", "'usd_per_hour':-1")) {
      assertThatThrownBy(() -> answer(ROOT, "POST", "/capacity/plan", Map.of(), wrong))
          .as(wrong)
          .isInstanceOf(Problem.class);
    }
  }

  @Test
  void requestsThatWereArePlannedWith() throws Exception {
    costs = CostTable.read(costs());
    String asked = "'recorded_hours':24,'usd_per_hour':4,'routed_prompt_usd':1,";
    assertThatThrownBy(
            () -> answer(OWNER, "POST", "/capacity/plan", Map.of(), asked + "'growth':1"))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("No requests");
    assertThatThrownBy(() -> answer(ACME, "POST", "/capacity/plan", Map.of(), asked + "'growth':1"))
        .isInstanceOf(Refusal.class);
    Instant day = Instant.parse("2026-11-29T00:00:00Z");
    for (int i = 0; i < 240; i++) {
      // All between 9 and 10 o'clock.
      recent.add(
          new RecentRequests.Request(
              i % 4 == 0 ? "small" : "big",
              day.plusSeconds(32_400 + i * 15),
              900,
              300,
              40,
              "batch"));
    }
    JsonNode plan =
        answer(
            OWNER, "POST", "/capacity/plan", Map.of(), asked + "'rate':10,'routed_output_usd':5");
    assertThat(plan.at("/tenant/tenant").asString()).isEqualTo("big");
    assertThat(plan.at("/tenant/share").asDouble()).isEqualTo(0.75);
    JsonNode mixes = plan.path("mixes");
    // One request is (600 + 300 + 40 * 5) / 1e6 USD.
    assertThat(mixes.path(0).path("usd_per_hour").asDouble())
        .isCloseTo(10 * 3600 * 0.0011, within(1e-6));
    // The hour from 9 to 10 has 24 times the mean rate, and one replica serves one hour a day.
    double most = plan.path("most_per_replica").asDouble();
    assertThat(mixes).hasSize((int) Math.ceil(240 / most) + 1);
    assertThat(mixes.path(1).path("routed").asDouble()).isCloseTo((240 - most) / 240, within(1e-9));
    assertThat(plan.path("cheapest").asInt()).isZero();
    double rate =
        answer(OWNER, "POST", "/capacity/plan", Map.of(), "'recorded_hours':24")
            .path("rate")
            .asDouble();
    assertThat(rate).isCloseTo(240 / 86_400.0, within(1e-9));
    // Of a tenant that sends far too much, whatever its class waits for too long is given up.
    String flood = "'recorded_hours':24,'rate':10,'tenant_growth':40";
    double batch = refused(flood);
    recent.replaceAll(
        r ->
            new RecentRequests.Request(
                r.project(), r.at(), r.prompt(), r.cached(), r.output(), "fim"));
    assertThat(refused(flood)).isGreaterThan(batch + 0.2);
  }

  private double refused(String asked) throws IOException {
    return answer(OWNER, "POST", "/capacity/plan", Map.of(), asked)
        .at("/tenant/tenant_sees/refused")
        .asDouble();
  }

  @Test
  void aServerThatIsNotThereIsNamed() {
    ProbeTarget nobody =
        new ProbeTarget("http://127.0.0.1:1", "sk-secret", "m", Duration.ofSeconds(2));
    assertThat(nobody.toString()).doesNotContain("secret");
    assertThatThrownBy(() -> new ProbeSuite(Clock.systemUTC()).run(nobody, 0, r -> {}))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("127.0.0.1:1")
        .hasMessageNotContaining("secret");
    assertThatThrownBy(() -> new ProbeTarget("ftp://x", null, "m", Duration.ofSeconds(2)))
        .isInstanceOf(FormatException.class);
  }
}
