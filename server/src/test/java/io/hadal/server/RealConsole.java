package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.DataFolder;
import io.hadal.platform.ledger.Settled;
import io.hadal.platform.ledger.UsageStore;
import io.hadal.platform.money.Charging;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.node.Platform;
import io.hadal.platform.node.PlatformOptions;
import io.hadal.platform.probe.QualitySample;
import io.hadal.platform.probe.QualityStore;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.Work;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * A real server with a platform and a tiny real model, whose administration was used for a while:
 * teams, keys, budgets, models with a roll-out, upstreams of which one is down, a week of usage,
 * and requests that were really answered.
 */
final class RealConsole implements AutoCloseable {
  static final String VERSION = "tiny@2026-01-01";
  private static final long HOUR = 3_600_000;
  private static final String JSON = "application/json";

  final Platform platform;
  final TestServer server;
  final String password;
  private final TestServer replica = new TestServer();
  private final ModelUpstream coder = new ModelUpstream();
  private final ConfigReload reload;
  private final Path config;
  private final Map<String, String> projects = new LinkedHashMap<>();
  private final Map<String, String> keys = new LinkedHashMap<>();
  private final Map<String, String> keyIds = new LinkedHashMap<>();
  private String cookie = "";
  private String csrf = "";

  RealConsole(Path folder) throws IOException, InterruptedException {
    platform =
        Platform.open(PlatformOptions.in(new DataFolder(folder.resolve("data"))), line -> {});
    server = TestServer.with(PlatformWiring.access(platform, false));
    password = Objects.requireNonNull(platform.firstPassword()).reveal();
    config = folder.resolve("serve.yaml");
    ServeConfig first = write("");
    server.server.effective(first.effective());
    server.server.routing(first.routing());
    reload =
        new ConfigReload(
            config, null, true, first, server.server, line -> {}, PlatformWiring.reloads(platform));
    signIn();
    tenants();
    prices();
    models();
    Files.writeString(
        platform.data().capacity(),
        """
        {"schema": 1, "model": "tiny", "host": "this machine", "mixed": 1, "step_tokens": 512,
         "prefill": {"tokens": [1, 512], "contexts": [0], "nanos": [[20000000], [60000000]]},
         "decode": {"answers": [1, 32], "contexts": [0], "nanos": [[20000000], [40000000]]},
         "kv_fixed": 0, "kv_per_token": 0, "kv_budget": 0, "residual": 0.03}
        """);
    history();
    money();
    requests();
    quality();
    reloads();
    admin("POST", "/audit/verify", "");
  }

  String url() {
    return server.url("/console/");
  }

  /** The text of a key. */
  String key(String name) {
    return Objects.requireNonNull(keys.get(name), name);
  }

  /** The id of a project. */
  String project(String name) {
    return Objects.requireNonNull(projects.get(name), name);
  }

  private ServeConfig write(String more) throws IOException {
    Files.writeString(
        config,
        """
        upstreams:
          - {name: replica, url: 'http://127.0.0.1:%d', models: {tiny-remote: tiny}, region: eu, zdr: true}
          - {name: spare, url: 'http://127.0.0.1:1', models: {tiny-remote: tiny}, region: us}
          - {name: coder, url: 'http://127.0.0.1:%d', models: {coder: coder}, region: eu}
        routes: [{model: tiny-remote, upstreams: [replica, spare], strategy: priority}]
        %s
        """
            .formatted(replica.server.port(), coder.port(), more));
    return ServeConfig.read(config);
  }

  private void signIn() {
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
  }

  /** A call of administration; single quotes stand for double ones. */
  JsonNode admin(String method, String path, String body) {
    HttpRequest request =
        server
            .request("/admin/v1" + path)
            .header("content-type", JSON)
            .header("cookie", cookie)
            .header("x-csrf-token", csrf)
            .method(method, HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
            .build();
    HttpResponse<String> answer = server.send(request);
    assertThat(answer.statusCode()).as(path + ": " + answer.body()).isBetween(200, 299);
    return answer.body().isEmpty() ? TestServer.json("{}") : TestServer.json(answer);
  }

  private String made(String path, String body) {
    return admin("POST", path, body).path("id").asString("");
  }

  private void tenants() {
    String org = admin("GET", "/orgs", "").at("/data/0/id").asString();
    admin("PATCH", "/orgs/" + org, "{'name':'Northwind'}");
    Map<String, String> teams = new LinkedHashMap<>();
    for (String team : List.of("Platform", "Support", "Research")) {
      teams.put(team, made("/teams", "{'org':'%s','name':'%s'}".formatted(org, team)));
    }
    String[][] all = {
      {"Code assistant", "code-assistant", "Platform", "{}"},
      {"Review bot", "review-bot", "Platform", "{}"},
      {
        "Help desk",
        "help-desk",
        "Support",
        "{'redaction':'pseudonymise','redaction_answers':'mask','redaction_detectors':['EMAIL','CARD'],"
            + "'redaction_patterns':{'TICKET':['HD-[0-9]{4,6}']}}"
      },
      {
        "Clinic notes",
        "clinic-notes",
        "Research",
        "{'redaction':'mask','phi':true,'regions':['eu']}"
      }
    };
    for (String[] one : all) {
      projects.put(
          one[0],
          made(
              "/projects",
              "{'team':'%s','slug':'%s','name':'%s','policy':%s}"
                  .formatted(teams.get(one[2]), one[1], one[0], one[3])));
    }
    String[][] people = {
      {"Ann Baker", "user", "admin", "org", org},
      {"Li Wei", "user", "developer", "project", projects.get("Code assistant")},
      {"Jo Fields", "user", "billing", "org", org},
      {"CI", "service", "developer", "team", teams.get("Platform")}
    };
    for (String[] one : people) {
      String id =
          made(
              "/principals",
              "{'org':'%s','kind':'%s','name':'%s'%s}"
                  .formatted(
                      org,
                      one[1],
                      one[0],
                      one[1].equals("user")
                          ? ",'email':'%s@northwind.example'"
                              .formatted(
                                  one[0].replaceAll(" .*", "").toLowerCase(java.util.Locale.ROOT))
                          : ""));
      admin(
          "POST",
          "/grants",
          "{'principal':'%s','role':'%s','scope_type':'%s','scope_id':'%s'}"
              .formatted(id, one[2], one[3], one[4]));
    }
    String[][] names = {
      {"Laptop of Ann", "Code assistant"},
      {"CI pipeline", "Review bot"},
      {"Help desk bot", "Help desk"},
      {"Notes", "Clinic notes"},
      {"Review", "Review bot"},
      {"Old laptop", "Code assistant"}
    };
    for (String[] one : names) {
      JsonNode key =
          admin(
              "POST",
              "/keys",
              "{'name':'%s','project':'%s'}".formatted(one[0], projects.get(one[1])));
      keys.put(one[0], key.path("text").asString(""));
      keyIds.putIfAbsent(projects.get(one[1]), key.path("id").asString(""));
      if (one[0].equals("Old laptop")) {
        admin("DELETE", "/keys/" + key.path("id").asString(""), "");
      }
      if (one[0].equals("CI pipeline")) {
        admin("POST", "/keys/" + key.path("id").asString("") + "/rotate", "");
      }
    }
  }

  private void prices() {
    String from = Instant.ofEpochMilli(platform.clock().millis() - 400 * HOUR).toString();
    for (String version : List.of(VERSION, "nova@2026-10-01", "nova@2026-11-01")) {
      admin(
          "POST",
          "/prices",
          ("{'version':'%s','valid_from':'%s','source':'price list of November','prices':{"
                  + "'input':15000000,'cache_read':1500000,'cache_write':15000000,"
                  + "'output':60000000,'reasoning':60000000}}")
              .formatted(version, from));
    }
  }

  private void money() {
    for (String project : List.of("Code assistant", "Help desk")) {
      admin(
          "POST",
          "/projects/" + projects.get(project) + "/topup",
          "{'amount_usd':'250','ref':'INV-2026-%s','memo':'November'}".formatted(project.length()));
    }
    String[][] budgets = {
      {"Assistants, monthly", "Code assistant", "month", "80", "block"},
      {"Help desk, all", "Help desk", "total", "16", "alert"},
      {"Review bot, trial", "Review bot", "month", "60", "downgrade','downgrade_to':'tiny"}
    };
    for (String[] one : budgets) {
      admin(
          "POST",
          "/budgets",
          ("{'name':'%s','scope_type':'project','scope_id':'%s','window':'%s','limit_usd':'%s',"
                  + "'action':'%s','soft_percents':[50,80,100]}")
              .formatted(one[0], projects.get(one[1]), one[2], one[3], one[4]));
    }
    admin(
        "POST",
        "/limits",
        "{'scope_type':'project','scope_id':'%s','dimension':'rpm','amount':120}"
            .formatted(projects.get("Code assistant")));
    admin(
        "POST",
        "/limits",
        "{'scope_type':'project','scope_id':'%s','dimension':'concurrency','amount':4}"
            .formatted(projects.get("Help desk")));
    admin(
        "POST",
        "/limits",
        "{'scope_type':'key','scope_id':'*','dimension':'tpm_total','amount':200000}");
  }

  private void models() {
    for (String label : List.of("2026-10-01", "2026-11-01", "2026-12-01")) {
      String id =
          made(
              "/models",
              ("{'version':'%s','manifest':{'family':'nova','kind':'routed','upstream_model':'tiny',"
                      + "'backends':['local'],'context':65536,"
                      + "'slo':{'ttft_ms':800,'ttft_ms_per_1k':400,'tpot_ms':60}%s}}")
                  .formatted(label, label.startsWith("2026-12") ? ",'description':'next'" : ""));
      if (!label.startsWith("2026-12")) {
        admin("POST", "/models/" + id + "/activate", "");
      }
    }
    admin("PUT", "/aliases/nova", "{'version':'nova@2026-10-01','reason':'first'}");
    admin("PUT", "/aliases/assistant", "{'version':'nova@2026-10-01','reason':'for editors'}");
    String rollout =
        made(
            "/rollouts",
            "{'alias':'assistant','candidate':'nova@2026-11-01','mode':'canary','percent':10}");
    admin("POST", "/rollouts/" + rollout + "/start", "");
  }

  /** A week of usage, more by day than by night, straight into the books. */
  private void history() {
    UsageStore store =
        new UsageStore(platform.database().kind(), platform.prices(), platform.ledger());
    Random random = new Random(7);
    List<Settled> all = new ArrayList<>();
    long now = platform.clock().millis();
    String[] models = {"nova@2026-10-01", "nova@2026-10-01", "nova@2026-11-01", VERSION};
    int p = 0;
    for (Map.Entry<String, String> entry : projects.entrySet()) {
      p++;
      Identity identity = identity(entry.getValue());
      for (int hour = 7 * 24; hour >= 1; hour--) {
        double day = 1.2 + Math.sin((hour - 3 * p) * Math.PI / 12);
        int requests = (int) (day * (6 - p) * random.nextDouble());
        for (int i = 0; i < requests; i++) {
          long start = now - hour * HOUR + random.nextInt(3_000_000);
          String version = models[random.nextInt(models.length)];
          PriceSnapshot price = platform.prices().at(version, entry.getValue(), start);
          long cached = random.nextInt(9) * 700L;
          Quantities took =
              Quantities.tokens(
                  300 + random.nextInt(2_000),
                  cached,
                  0,
                  120 + random.nextInt(500),
                  random.nextInt(3) * 80L);
          Outcome outcome = random.nextInt(60) == 0 ? Outcome.ERROR : Outcome.COMPLETED;
          long first = 120L + random.nextInt(900);
          Work work =
              new Work(
                  identity,
                  "req_%s_%d_%d".formatted(entry.getKey().replace(' ', '-'), hour, i),
                  1,
                  i % 3 == 0 ? "anthropic" : "openai",
                  i % 3 == 0 ? "messages" : "chat",
                  version.startsWith("nova") ? "assistant" : "tiny",
                  version,
                  i % 4 == 0 ? "replica" : "local",
                  1,
                  1,
                  null,
                  "session-" + hour % 5,
                  Map.of("cost_center", "cc-" + p),
                  null);
          all.add(
              new Settled(
                  new UsageEvent(
                      work,
                      start,
                      start + first,
                      start + first + 2_000 + random.nextInt(9_000),
                      outcome,
                      outcome == Outcome.ERROR ? 500 : 200,
                      took,
                      false,
                      price.id(),
                      Charging.cost(outcome, price, took),
                      null,
                      null,
                      null,
                      first / 10,
                      18_000L + random.nextInt(30_000)),
                  0));
        }
      }
    }
    platform.database().write(h -> store.store(h, all).size());
  }

  private Identity identity(String project) {
    Tenants.Project found = Objects.requireNonNull(platform.tenants().project(project));
    return new Identity(
        found.org(),
        found.team(),
        project,
        Objects.requireNonNull(keyIds.get(project)),
        null,
        Set.of(),
        List.of(),
        found.policy());
  }

  /** Requests that the model answers, in each dialect, some of them with a common beginning. */
  private void requests() throws InterruptedException {
    String system = "You are the assistant of Northwind. ".repeat(8);
    for (int i = 0; i < 12; i++) {
      String key = key(List.of("Laptop of Ann", "CI pipeline", "Help desk bot").get(i % 3));
      String body =
          switch (i % 3) {
            case 0 ->
                "{'model':'assistant','max_tokens':12,'messages':[{'role':'system','content':'%s'},"
                    + "{'role':'user','content':'Question %d'}]}";
            case 1 ->
                "{'model':'tiny-remote','max_tokens':8,'messages':["
                    + "{'role':'system','content':'%s'},{'role':'user','content':'Question %d'}]}";
            default ->
                "{'model':'tiny','max_tokens':10,'system':'%s',"
                    + "'messages':[{'role':'user','content':'Question %d'}]}";
          };
      HttpResponse<String> answer =
          server.post(
              i % 3 == 2 ? "/v1/messages" : "/v1/chat/completions",
              body.formatted(i > 5 ? system + "It is Monday." : system, i),
              "authorization",
              "Bearer " + key,
              "session-id",
              "session of " + i % 3);
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }
    assertThat(platform.journal().flush(Duration.ofSeconds(20))).isTrue();
  }

  /** Looks at backends, of which one has become worse. */
  private void quality() {
    QualityStore store = new QualityStore(platform.database());
    Instant now = platform.clock().instant();
    for (int day = 2; day >= 0; day--) {
      Instant at = now.minusSeconds(day * 86_400L + 600);
      store.save(new QualitySample("nova@2026-10-01", "local", at, 20, 20, 30, 29, null, 0));
      store.save(
          day == 0
              ? new QualitySample("nova@2026-10-01", "replica", at, 20, 11, 30, 24, 0.31, 1)
              : new QualitySample("nova@2026-10-01", "replica", at, 20, 19, 30, 28, 0.02, 0));
      store.save(new QualitySample("nova@2026-11-01", "local", at, 20, 20, 30, 30, null, 0));
    }
  }

  /** One change that is applied, and one that is refused. */
  private void reloads() throws IOException {
    write("limits: {keep_alive_seconds: 15, drain_seconds: 60}\nlisten: {port: 9000}");
    reload.reload();
    String good = Files.readString(config);
    Files.writeString(config, "limits: {keep_alive_secs: 15}\n");
    reload.reload();
    Files.writeString(config, good);
    reload.reload();
  }

  @Override
  public void close() {
    reload.close();
    server.close();
    replica.close();
    coder.close();
    platform.close();
  }
}
