package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.DataFolder;
import io.hadal.platform.node.Platform;
import io.hadal.platform.node.PlatformOptions;
import io.hadal.server.ModelUpstream.Mood;
import io.hadal.server.admin.AnswerCheck;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/**
 * Versions on trial behind a server, driven over HTTP: acceptance test 11 and what belongs to it.
 */
class TrialServerTest {
  private static final String TOOLS =
      "'tools':[{'type':'function','function':{'name':'get_weather','parameters':{'type':'object',"
          + "'properties':{'city':{'type':'string'},'unit':{'enum':['celsius']}},"
          + "'required':['city','unit'],'additionalProperties':false}}}]";
  private static final String SCHEMA =
      "'response_format':{'type':'json_schema','json_schema':{'name':'c','schema':{'type':'object',"
          + "'properties':{'colour':{'type':'string'}},'required':['colour']}}}";
  private static final String PLAIN = "'max_tokens':5";

  @TempDir private static Path folder;

  private static Platform platform;
  private static TestServer server;
  private static ModelUpstream old;
  private static ModelUpstream young;
  private static String cookie = "";
  private static String csrf = "";
  private static String key = "";
  private static String project = "";
  private static int names;

  private String name = "";

  @BeforeAll
  static void start() throws Exception {
    old = new ModelUpstream();
    young = new ModelUpstream();
    platform =
        Platform.open(PlatformOptions.in(new DataFolder(folder.resolve("data"))), line -> {});
    server = TestServer.with(PlatformWiring.access(platform, false));
    String password = Objects.requireNonNull(platform.firstPassword()).reveal();
    HttpResponse<String> in =
        server.post("/admin/v1/session", "{'name':'administrator','password':'" + password + "'}");
    assertThat(in.statusCode()).as(in.body()).isEqualTo(200);
    cookie = in.headers().firstValue("set-cookie").orElseThrow().replaceFirst(";.*", "");
    csrf = TestServer.json(in).at("/csrf_token").asString();
    project = admin("GET", "/projects", "").at("/data/0/id").asString();
    key = key(project);
  }

  @AfterAll
  static void stop() {
    server.close();
    platform.close();
    old.close();
    young.close();
  }

  /** Two versions of a family of its own, each at its upstream under the same name there. */
  @BeforeEach
  void two() throws IOException {
    name = "nova" + ++names;
    // Other upstreams each time, so that no breaker is open.
    Path config =
        Files.writeString(
            folder.resolve("serve.yaml"),
            """
            upstreams:
              - {name: old, url: 'http://127.0.0.1:%d', models: {one: theirs}, probe_seconds: 0,
                 priority: %d, prices: {input: 1, output: 2}}
              - {name: young, url: 'http://127.0.0.1:%d', models: {two: theirs}, probe_seconds: 0,
                 priority: %d, prices: {input: 3, output: 4}}
            """
                .formatted(old.port(), names, young.port(), names));
    server.server.routing(ServeConfig.read(config).routing());
    version("2026-01-01", "old", "'1'");
    version("2026-02-01", "young", "'2'");
    for (ModelUpstream upstream : new ModelUpstream[] {old, young}) {
      upstream.mood = Mood.GOOD;
      upstream.requests.set(0);
    }
  }

  private void version(String label, String backend, String price) {
    String id =
        admin(
                "POST",
                "/models",
                "{'version':'%s','manifest':{'family':'%s','kind':'routed','upstream_model':'theirs',"
                        .formatted(label, name)
                    + "'backends':['%s'],'context':2048,'prices':{'input':%s,'output':%s}}}"
                        .formatted(backend, price, price))
            .at("/id")
            .asString();
    admin("POST", "/models/" + id + "/activate", "");
  }

  private String first() {
    return name + "@2026-01-01";
  }

  private String second() {
    return name + "@2026-02-01";
  }

  private static JsonNode admin(String method, String path, String body) {
    HttpResponse<String> answer =
        server.send(
            server
                .request("/admin/v1" + path)
                .header("content-type", "application/json")
                .header("cookie", cookie)
                .header("x-csrf-token", csrf)
                .method(
                    method,
                    body.isEmpty()
                        ? HttpRequest.BodyPublishers.noBody()
                        : HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
                .build());
    assertThat(answer.statusCode()).as(path + ": " + answer.body()).isBetween(200, 299);
    return answer.body().isEmpty() ? TestServer.json("{}") : TestServer.json(answer);
  }

  private static String key(String of) {
    return admin("POST", "/keys", "{'name':'k','project':'" + of + "'}").at("/text").asString();
  }

  private HttpResponse<String> ask(String by, String session, String more) {
    return server.post(
        "/v1/chat/completions",
        "{'model':'" + name + "'," + more + ",'messages':[{'role':'user','content':'In Rome?'}]}",
        "authorization",
        "Bearer " + by,
        "x-session-id",
        session);
  }

  private static String model(HttpResponse<String> answer) {
    return answer.headers().firstValue("x-hadal-model").orElse("");
  }

  private String rollout(String mode, int percent, String more) {
    String id =
        admin(
                "POST",
                "/rollouts",
                "{'alias':'%s','candidate':'%s','mode':'%s','percent':%d%s}"
                    .formatted(name, second(), mode, percent, more))
            .at("/id")
            .asString();
    admin("POST", "/rollouts/" + id + "/start", "");
    return id;
  }

  private static <T> T await(Supplier<T> look, Predicate<T> wanted) throws InterruptedException {
    long end = System.nanoTime() + TestServer.PATIENCE.toNanos();
    T seen = look.get();
    while (!wanted.test(seen)) {
      assertThat(System.nanoTime()).as(String.valueOf(seen)).isLessThan(end);
      Thread.sleep(20);
      seen = look.get();
    }
    return seen;
  }

  @ParameterizedTest
  @CsvSource({
    "FAILING, error_rate",
    "BROKEN_CALLS, tool_parse_failures",
    "NO_SCHEMA, schema_failures",
    "REFUSING, refusal_rate"
  })
  void aCandidateThatFailsIsTakenBack(Mood mood, String guard) throws Exception {
    String id = rollout("canary", 50, "");
    String more = mood == Mood.BROKEN_CALLS ? TOOLS : mood == Mood.NO_SCHEMA ? SCHEMA : PLAIN;
    Map<String, String> versions = new TreeMap<>();
    for (int turn = 0; turn < 2; turn++) {
      for (int session = 0; session < 16; session++) {
        // Streams and whole answers are judged alike.
        HttpResponse<String> answer =
            ask(key, "s" + session, more + ",'stream':" + (session % 2 == 0));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        String before = versions.put("s" + session, model(answer));
        // A session never flips.
        assertThat(before == null ? model(answer) : before).isEqualTo(model(answer));
      }
    }
    assertThat(new TreeSet<>(versions.values())).containsExactly(first(), second());

    young.mood = mood;
    young.requests.set(0);
    int sent = 0;
    while (sent < 100 && state(id).equals("running")) {
      ask(key, "s" + sent % 16, more + ",'stream':" + (sent % 3 == 0));
      sent++;
    }
    JsonNode seen = admin("GET", "/rollouts/" + id, "");
    assertThat(seen.path("state").asString()).as(seen.toString()).isEqualTo("rolled_back");
    JsonNode last = seen.path("events").path(seen.path("events").size() - 1);
    assertThat(last.path("actor").asString()).isEqualTo("guard");
    assertThat(last.path("detail").asString()).contains(guard);
    assertThat(
            admin("GET", "/audit/events?action=rollout.rolled_back", "").at("/data/0").toString())
        .contains(id);
    for (int session = 0; session < 16; session++) {
      assertThat(model(ask(key, "s" + session, more))).isEqualTo(first());
    }
  }

  private static String state(String rollout) {
    return admin("GET", "/rollouts/" + rollout, "").path("state").asString();
  }

  private static JsonNode used(String by, String query) {
    HttpResponse<String> answer =
        server.get("/user/usage" + query, "authorization", "Bearer " + by);
    new AnswerCheck(TestServer.json(server.get("/openapi.json")))
        .check("GET", "/user/usage", answer.statusCode(), answer.body());
    return TestServer.json(answer);
  }

  @Test
  void aKeySeesWhatItsProjectUsesAndNoOther() throws Exception {
    String own = project("own");
    String by = key(own);
    String other = key(project("other"));
    assertThat(used(by, "").path("attempts").asInt()).isZero();
    for (int i = 0; i < 3; i++) {
      assertThat(ask(by, "u" + i, PLAIN).statusCode()).isEqualTo(200);
    }
    assertThat(ask(other, "u", PLAIN).statusCode()).isEqualTo(200);
    JsonNode seen = used(by, "");
    assertThat(seen.path("project").asString()).isEqualTo(own);
    assertThat(seen.path("running").asInt()).isZero();
    assertThat(seen.path("attempts").asInt()).isEqualTo(3);
    assertThat(seen.path("input_tokens").asInt()).isEqualTo(3 * 20);
    assertThat(seen.path("output_tokens").asInt()).isEqualTo(3 * 5);
    assertThat(used(other, "").path("attempts").asInt()).isEqualTo(1);
    assertThat(platform.journal().flush(Duration.ofSeconds(20))).isTrue();
    JsonNode day = used(by, "?hours=24");
    assertThat(day.at("/total/requests").asInt()).isEqualTo(3);
    // 20 tokens at 1 and 5 at 1 USD a million.
    assertThat(day.at("/total/cost_usd").asString()).isEqualTo("0.000075");
    int hours = 0;
    for (JsonNode hour : day.path("hours")) {
      hours += hour.path("requests").asInt();
    }
    assertThat(hours).isEqualTo(3);
    for (String wrong : List.of("0", "169", "-1", "x", "")) {
      assertThat(
              server
                  .get("/user/usage?hours=" + wrong, "authorization", "Bearer " + by)
                  .statusCode())
          .as(wrong)
          .isEqualTo(400);
    }
    assertThat(server.get("/user/usage").statusCode()).isEqualTo(401);
    // The figures of all are not for it.
    assertThat(server.get("/metrics", "authorization", "Bearer " + by).statusCode()).isIn(401, 403);
  }

  @Test
  void copiesAreComparedAndCostNothing() throws Exception {
    String own = project("copies");
    String by = key(own);
    String quiet = project("quiet");
    admin("PATCH", "/projects/" + quiet, "{'policy':{'zdr':true}}");
    String id = rollout("shadow", 100, "");
    young.mood = Mood.BROKEN_CALLS;
    for (int i = 0; i < 3; i++) {
      assertThat(model(ask(by, "a" + i, TOOLS))).isEqualTo(first());
      assertThat(model(ask(by, "b" + i, PLAIN + ",'stream':true"))).isEqualTo(first());
    }
    // Upstreams that keep nothing are not there; what matters is that no copy leaves.
    ask(key(quiet), "q", PLAIN);
    JsonNode seen =
        await(
            () -> admin("GET", "/rollouts/" + id, "").path("comparison"),
            c -> c.path("compared").asInt() >= 6);
    assertThat(seen.path("compared").asInt()).isEqualTo(6);
    assertThat(young.requests).hasValue(6);
    assertThat(seen.path("same_text").asInt()).as(seen.toString()).isEqualTo(6);
    assertThat(seen.path("same_calls").asInt()).isEqualTo(3);
    assertThat(seen.path("baseline_good_calls").asInt()).isEqualTo(3);
    assertThat(seen.path("candidate_calls").asInt()).isEqualTo(3);
    assertThat(seen.path("candidate_good_calls").asInt()).isZero();
    assertThat(seen.path("baseline_tokens").asInt()).isEqualTo(30);
    assertThat(platform.journal().flush(Duration.ofSeconds(20))).isTrue();
    JsonNode usage = admin("GET", "/usage?by=version,outcome&project=" + own, "");
    // 20 tokens at 1 and 5 at 1 USD a million: the customer pays the baseline only.
    assertThat(measure(usage, "COMPLETED", "cost_nano")).as(usage.toString()).isEqualTo(6 * 25_000);
    assertThat(measure(usage, "SHADOW", "cost_nano")).isZero();
    assertThat(measure(usage, "SHADOW", "upstream_cost_nano")).isEqualTo(6 * 80_000);
    List<String> classes = new ArrayList<>();
    admin("GET", "/usage?by=class,outcome&project=" + own, "")
        .path("data")
        .forEach(
            row ->
                classes.add(
                    row.at("/values/class").asString()
                        + " "
                        + row.at("/values/outcome").asString()
                        + " "
                        + row.path("requests").asInt()));
    assertThat(classes)
        .containsExactlyInAnyOrder(
            "agent COMPLETED 3", "interactive COMPLETED 3", "shadow SHADOW 6");
    assertThat(metrics()).contains("llm_shadow_copies_total{result=\"compared\"}");
    assertThat(admin("POST", "/ledger/verify", "").at("/ok").asBoolean()).isTrue();
    admin("POST", "/rollouts/" + id + "/rollback", "");
  }

  @Test
  void aCopyMayGoToTheModelOfThisProcess() throws Exception {
    version("2026-03-01", "local", "'2'");
    String id =
        admin(
                "POST",
                "/rollouts",
                "{'alias':'%s','candidate':'%s@2026-03-01','mode':'shadow'}".formatted(name, name))
            .at("/id")
            .asString();
    admin("POST", "/rollouts/" + id + "/start", "");
    assertThat(model(ask(key, "x", PLAIN))).isEqualTo(first());
    JsonNode seen =
        await(
            () -> admin("GET", "/rollouts/" + id, "").path("comparison"),
            c -> c.path("compared").asInt() > 0);
    assertThat(seen.path("candidate_failed").asInt()).as(seen.toString()).isZero();
    assertThat(seen.path("candidate_tokens").asInt()).isBetween(1, 5);
    admin("POST", "/rollouts/" + id + "/rollback", "");
  }

  /** A figure of the row with an outcome; -1 without such a row. */
  private static long measure(JsonNode usage, String outcome, String name) {
    for (JsonNode row : usage.path("data")) {
      if (row.at("/values/outcome").asString().equals(outcome)) {
        return row.path(name).asLong(-1);
      }
    }
    return -1;
  }

  private static String metrics() {
    return server.figures();
  }

  private static String project(String slug) {
    String team = admin("GET", "/teams", "").at("/data/0/id").asString();
    return admin(
            "POST",
            "/projects",
            "{'team':'%s','slug':'%s','name':'%s'}".formatted(team, slug, slug))
        .at("/id")
        .asString();
  }

  @Test
  void blueAndGreenSwitchAtOnceAndBack() {
    String id = rollout("blue_green", 0, "");
    assertThat(model(ask(key, "x", PLAIN))).isEqualTo(first());
    admin("POST", "/rollouts/" + id + "/percent", "{'percent':100}");
    assertThat(model(ask(key, "x", PLAIN))).isEqualTo(second());
    admin("POST", "/rollouts/" + id + "/percent", "{'percent':0}");
    assertThat(model(ask(key, "x", PLAIN))).isEqualTo(first());
    admin("POST", "/rollouts/" + id + "/promote", "");
    assertThat(model(ask(key, "x", PLAIN))).isEqualTo(second());
  }

  @Test
  void twoVersionsAnswerTheSamePrompts() throws Exception {
    young.mood = Mood.NO_SCHEMA;
    String message = "'messages':[{'role':'user','content':'secret-prompt in Paris'}]";
    String id =
        admin(
                "POST",
                "/upgrade-reports",
                "{'from':'%s','to':'%s','project':'%s','requests':[{%s},{%s,%s},{%s,%s}]}"
                    .formatted(
                        first(), second(), project, message, message, TOOLS, message, SCHEMA))
            .at("/id")
            .asString();
    JsonNode done =
        await(
            () -> admin("GET", "/upgrade-reports/" + id, ""),
            r -> !r.path("state").asString().equals("running"));
    assertThat(done.path("state").asString()).isEqualTo("done");
    JsonNode summary = done.path("summary");
    assertThat(summary.at("/candidate/valid_calls").asInt()).as(done.toString()).isEqualTo(1);
    assertThat(summary.at("/baseline/valid_schemas").asInt()).isEqualTo(2);
    assertThat(summary.at("/candidate/valid_schemas").asInt()).isEqualTo(1);
    assertThat(summary.at("/candidate/cost_nano").asLong()).isEqualTo(3 * 50_000);
    assertThat(summary.path("worse").toString()).isEqualTo("[3]");
    assertThat(done.toString()).doesNotContain("secret-prompt");
    String text = admin("GET", "/upgrade-reports/" + id + "?format=markdown", "").toString();
    assertThat(text).contains("| schemas followed | 2 of 2 | 1 of 2 |");
    assertThat(admin("GET", "/upgrade-reports", "").at("/data/0/done").asInt()).isEqualTo(3);
  }

  @Test
  void aWorseBackendIsFound() throws Exception {
    String id =
        admin(
                "POST",
                "/models",
                "{'version':'2026-03-01','manifest':{'family':'%s','kind':'routed',".formatted(name)
                    + "'upstream_model':'theirs','backends':['old','young']}}")
            .at("/id")
            .asString();
    admin("POST", "/models/" + id + "/activate", "");
    young.mood = Mood.BROKEN_CALLS;
    admin("POST", "/quality", "{'version':'" + id + "'}");
    JsonNode seen =
        await(
            () -> admin("GET", "/quality", ""),
            q -> q.path("data").size() == 2 && !q.path("running").asBoolean());
    assertThat(seen.at("/data/0/valid_calls").asInt()).as(seen.toString()).isEqualTo(4);
    assertThat(seen.at("/data/0/suspect").isNull()).isTrue();
    assertThat(seen.at("/data/1/backend").asString()).isEqualTo("young");
    assertThat(seen.at("/data/1/suspect").asString()).contains("0 % of calls are valid");
    assertThat(admin("GET", "/models/" + id + "/quality", "").path("data")).hasSize(2);
    assertThat(admin("GET", "/audit/events?action=quality.drop", "").at("/data/0").toString())
        .contains("backend:young");
    assertThat(metrics()).containsPattern("llm_quality_suspect\\{backend=\"young\",.*\\} 1");
  }

  @Test
  void onlyWhatAVersionWasSeenToDoIsAdvertised() throws Exception {
    JsonNode before = entry();
    assertThat(before.path("supported_features")).isEmpty();
    assertThat(before.path("alias_of").asString()).isEqualTo(first());
    assertThat(before.at("/pricing/input").asString()).isEqualTo("0.000001");
    assertThat(before.path("context_length").asInt()).isEqualTo(2048);
    admin("POST", "/models/" + first() + "/probes", "");
    JsonNode after = await(this::entry, e -> e.path("supported_features").size() > 0);
    assertThat(after.path("supported_features").toString())
        .contains("\"chat\"", "\"tools\"")
        .doesNotContain("fim", "thinking", "parallel_tools");
    admin(
        "POST",
        "/models/" + first() + "/deprecate",
        "{'retires_at':'2099-01-01T00:00:00Z','successor':'" + second() + "'}");
    assertThat(entry().path("successor").asString()).isEqualTo(second());
    HttpResponse<String> answer = ask(key, "x", PLAIN);
    assertThat(answer.headers().firstValue("sunset")).isPresent();
    assertThat(answer.headers().firstValue("deprecation")).isPresent();
  }

  private JsonNode entry() {
    return TestServer.json(server.get("/v1/models/" + name, "authorization", "Bearer " + key));
  }
}
