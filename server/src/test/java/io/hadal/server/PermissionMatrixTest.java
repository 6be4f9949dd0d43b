package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.DataFolder;
import io.hadal.platform.SecretText;
import io.hadal.platform.db.Database;
import io.hadal.platform.keys.KeyTerms;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.Schedule;
import io.hadal.platform.money.UnitPrices;
import io.hadal.platform.node.Platform;
import io.hadal.platform.node.PlatformOptions;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permissions;
import io.hadal.platform.tenancy.Permissions.Reach;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Role;
import io.hadal.platform.tenancy.Scope;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.server.admin.AnswerCheck;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Every endpoint that a server with a platform mounts, as every role, over HTTP, as the table of
 * permissions says (platform.md 6, test 17). A new endpoint needs a line in {@code
 * admin-calls.yaml}.
 */
class PermissionMatrixTest {
  /** Signing in and out, and the description: they need no permission. */
  private static final Set<String> OPEN =
      Set.of(
          "GET /session",
          "POST /session",
          "DELETE /session",
          "GET /session/methods",
          "GET /session/oidc",
          "GET /session/oidc/callback",
          "GET /openapi.json");

  private static final List<Sample> SAMPLES = samples();

  @TempDir private static Path folder;

  private static Platform platform;
  private static TestServer server;
  private static AnswerCheck answers;

  /** A line of the file. */
  private record Sample(
      String call, Permission needs, String where, String id, String query, String body, int ok) {
    String method() {
      return call.substring(0, call.indexOf(' '));
    }

    boolean changes() {
      return !method().equals("GET");
    }

    String path(AdminThings things) {
      String path = call.substring(call.indexOf(' ') + 1);
      if (!id.isEmpty()) {
        String found =
            id.startsWith("=") ? things.fill(id.substring(1)) : things.of(id).replace("/", "~");
        path = path.replaceFirst("\\{[a-z]+}", found);
      }
      return things.fill(path + (query.isEmpty() ? "" : "?" + query));
    }
  }

  private static List<Sample> samples() {
    try (InputStream in =
        Objects.requireNonNull(
            PermissionMatrixTest.class.getResourceAsStream("admin-calls.yaml"))) {
      List<Sample> list = new ArrayList<>();
      for (JsonNode one : new YAMLMapper().readTree(in)) {
        String[] needs = one.path("needs").asString("").toUpperCase(Locale.ROOT).split(":", 2);
        list.add(
            new Sample(
                one.path("call").asString(""),
                new Permission(
                    Permission.Resource.valueOf(needs[0]), Permission.Verb.valueOf(needs[1])),
                one.path("where").asString(""),
                one.path("id").asString(""),
                one.path("query").asString(""),
                one.has("body") ? one.get("body").toString() : "",
                one.path("answers").asInt(200)));
      }
      // What ends an organisation comes last: nobody of it gets in afterwards.
      list.sort(
          (a, b) ->
              Boolean.compare(
                  a.call.equals("DELETE /orgs/{org}"), b.call.equals("DELETE /orgs/{org}")));
      return list;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @BeforeAll
  static void start() throws IOException {
    platform =
        Platform.open(PlatformOptions.in(new DataFolder(folder.resolve("data"))), line -> {});
    server = TestServer.with(PlatformWiring.access(platform, false));
    platform
        .prices()
        .add(
            new Price(
                0,
                "tiny@2026-01-01",
                null,
                0,
                null,
                UnitPrices.tokens(1, 1, 1, 1),
                Schedule.NONE,
                "test",
                "test",
                0));
    Path file =
        Files.writeString(
            folder.resolve("serve.yaml"),
            """
            upstreams:
              - {name: up, url: 'http://127.0.0.1:1', models: {m: m}, probe_seconds: 0}
            routes: [{model: m, upstreams: [up]}]
            """);
    server.server.routing(ServeConfig.read(file).routing());
    Tenants.Project project =
        AdminThings.project(platform, platform.tenants().createOrg("description").id());
    Holder reader =
        holder(Role.VIEWER, new Actor.Grant(Role.VIEWER, "all", "*"), project.id(), project.org());
    answers = new AnswerCheck(TestServer.json(send("GET", "/openapi.json", "", reader.key)));
  }

  @AfterAll
  static void stop() {
    server.close();
    platform.close();
  }

  private static HttpResponse<String> send(
      String method, String path, String body, @Nullable String key) {
    HttpRequest.Builder request =
        server.request("/admin/v1" + path).header("content-type", "application/json");
    if (key != null) {
      request.header("authorization", "Bearer " + key);
    }
    return server.send(
        request
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private static HttpResponse<String> call(
      Sample sample, AdminThings things, @Nullable String key) {
    return send(sample.method(), sample.path(things), things.fill(sample.body), key);
  }

  /** A service with a role, and its key for administration. */
  private record Holder(String principal, String key) {}

  private static Holder holder(Role role, Actor.Grant grant, String project, String org) {
    Principals principals = platform.principals();
    String id = principals.create(org, Principals.Kind.SERVICE, "s-" + role, null).id();
    principals.grant(id, grant);
    KeyTerms terms = new KeyTerms("k", EnumSet.of(Scope.ADMIN), List.of(), List.of(), "{}", null);
    return new Holder(id, platform.keys().create(project, id, false, terms).text().reveal());
  }

  /** Each endpoint has a sample, and the permission that the sample says. */
  @Test
  void allEndpointsAreCovered() {
    Tenants.Project project =
        AdminThings.project(platform, platform.tenants().createOrg("reader").id());
    Holder reader =
        holder(Role.VIEWER, new Actor.Grant(Role.VIEWER, "all", "*"), project.id(), project.org());
    JsonNode paths = TestServer.json(send("GET", "/openapi.json", "", reader.key)).path("paths");
    TreeMap<String, String> mounted = new TreeMap<>();
    TreeSet<String> open = new TreeSet<>();
    for (var path : paths.properties()) {
      for (var operation : path.getValue().properties()) {
        String name = operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey();
        String permission = operation.getValue().path("x-permission").asString("");
        // What it answers is a type, a file, or nothing at all.
        JsonNode responses = operation.getValue().path("responses");
        assertThat(
                responses.path("200").has("content")
                    || name.startsWith("DELETE ")
                    || responses.has("303"))
            .as(name)
            .isTrue();
        operation
            .getValue()
            .path("parameters")
            .forEach(p -> assertThat(p.at("/schema/type").isString()).as(name).isTrue());
        if (permission.isEmpty()) {
          open.add(name);
        } else {
          mounted.put(name, permission);
        }
      }
    }
    TreeMap<String, String> sampled = new TreeMap<>();
    for (Sample sample : SAMPLES) {
      String permission = sample.needs.resource() + ":" + sample.needs.verb();
      sampled.put(sample.call, permission.toLowerCase(Locale.ROOT));
    }
    assertThat(sampled).as("admin-calls.yaml").isEqualTo(mounted);
    assertThat(open).isEqualTo(new TreeSet<>(OPEN));
    for (Sample sample : SAMPLES) {
      String[] call = sample.call.split(" ");
      String method = call[0].toLowerCase(Locale.ROOT);
      List<String> known = new ArrayList<>();
      paths
          .path(call[1])
          .path(method)
          .path("parameters")
          .forEach(parameter -> known.add(parameter.path("name").asString("")));
      for (String pair : sample.query.split("&")) {
        String name = pair.replaceFirst("=.*", "");
        assertThat(name.isEmpty() || known.contains(name)).as(sample.call + " ?" + name).isTrue();
      }
    }
  }

  @Test
  void everyEndpointAsEveryRoleOfAnOrganisation() {
    for (Role role : Role.values()) {
      String org = platform.tenants().createOrg("org-" + role).id();
      Tenants.Project base = AdminThings.project(platform, org);
      Holder holder = holder(role, new Actor.Grant(role, "org", org), base.id(), org);
      Tenants.Project other =
          AdminThings.project(platform, platform.tenants().createOrg("foreign-" + role).id());
      String stranger =
          platform.principals().create(other.org(), Principals.Kind.SERVICE, "stranger", null).id();
      AdminThings mine = new AdminThings(platform, base, holder.principal);
      AdminThings theirs = new AdminThings(platform, other, stranger);
      for (Sample sample : SAMPLES) {
        boolean may = Permissions.reach(role, sample.needs) != Reach.NONE;
        if (sample.where.equals("tree") || sample.where.equals("own")) {
          HttpResponse<String> answer = call(sample, theirs, holder.key);
          assertThat(answer.statusCode())
              .as("foreign %s as %s: %s", sample.call, role, answer.body())
              .isEqualTo(may && sample.where.equals("own") ? 404 : 403);
        }
        if (role == Role.OWNER) {
          assertThat(call(sample, mine, null).statusCode())
              .as("nobody's %s", sample.call)
              .isEqualTo(401);
        }
        check(sample, role, "org", may && !sample.where.equals("system"), mine, holder.key);
      }
    }
  }

  /** A role holds where it was given: who may change limits of a project may set them, too. */
  @Test
  void anAdministratorOfAProjectSetsAndTriesItsLimitsAndBudgets() {
    String org = platform.tenants().createOrg("one-project").id();
    Tenants.Project base = AdminThings.project(platform, org);
    Tenants.Project beside = AdminThings.project(platform, org);
    Holder holder =
        holder(Role.ADMIN, new Actor.Grant(Role.ADMIN, "project", base.id()), base.id(), org);
    Set<String> calls =
        Set.of(
            "POST /limits",
            "POST /limit-checks",
            "POST /budgets",
            "GET /budget-balances/{project}");
    List<Sample> samples = SAMPLES.stream().filter(s -> calls.contains(s.call)).toList();
    assertThat(samples).hasSameSizeAs(calls);
    for (Sample sample : samples) {
      Map.of(base.id(), sample.ok, beside.id(), 403, "*", 403)
          .forEach(
              (id, status) -> {
                String path = sample.call.replaceFirst(".* ", "").replace("{project}", id);
                String body = sample.body.replace("{project}", id);
                HttpResponse<String> answer = send(sample.method(), path, body, holder.key);
                assertThat(answer.statusCode()).as(path + body + answer.body()).isEqualTo(status);
              });
    }
  }

  @Test
  void everyEndpointAsEveryRoleOfTheWholeSystem() {
    for (Role role : Role.values()) {
      String org = platform.tenants().createOrg("all-" + role).id();
      Tenants.Project base = AdminThings.project(platform, org);
      Holder holder = holder(role, new Actor.Grant(role, "all", "*"), base.id(), org);
      AdminThings things = new AdminThings(platform, base, holder.principal);
      for (Sample sample : SAMPLES) {
        // What is not of the whole system is as in an organisation; an owner tries that, too.
        if (role == Role.OWNER || sample.where.equals("system")) {
          boolean may = Permissions.reach(role, sample.needs) != Reach.NONE;
          check(sample, role, "all", may, things, holder.key);
        }
      }
    }
  }

  /** The figures are of everything: only those who read usage everywhere have them. */
  @Test
  void figuresAreForThoseWhoReadUsageEverywhere() {
    String org = platform.tenants().createOrg("figures").id();
    Tenants.Project base = AdminThings.project(platform, org);
    KeyTerms inference = KeyTerms.inference("plain");
    String plain = platform.keys().create(base.id(), null, false, inference).text().reveal();
    assertThat(server.get("/metrics").statusCode()).isEqualTo(401);
    assertThat(server.get("/metrics", "authorization", "Bearer " + plain).statusCode())
        .isEqualTo(403);
    for (Role role : Role.values()) {
      for (Actor.Grant grant :
          List.of(new Actor.Grant(role, "org", org), new Actor.Grant(role, "all", "*"))) {
        String key = holder(role, grant, base.id(), org).key;
        assertThat(server.get("/metrics", "authorization", "Bearer " + key).statusCode())
            .as(role + " of " + grant.scopeType())
            .isEqualTo(grant.scopeType().equals("all") ? 200 : 403);
      }
    }
    assertThat(server.figures()).contains("llm_active_requests");
    server.server.metricsToken(null);
    assertThat(server.figures()).contains("invalid_api_key");
    server.server.metricsToken(new SecretText(TestServer.FIGURES));
  }

  /** Where the event cannot be written, the change is not there either. */
  @Test
  void noChangeWithoutItsEvent() {
    String org = platform.tenants().createOrg("unheard").id();
    Tenants.Project base = AdminThings.project(platform, org);
    Holder holder = holder(Role.OWNER, new Actor.Grant(Role.OWNER, "all", "*"), base.id(), org);
    JsonNode paths = TestServer.json(send("GET", "/openapi.json", "", holder.key)).path("paths");
    Database database = platform.database();
    int together = 0;
    // Each call below is a fault, which is logged.
    Logger log = Logger.getLogger("hadal.admin");
    log.setLevel(Level.OFF);
    for (Sample sample : SAMPLES) {
      AdminThings things = new AdminThings(platform, base, holder.principal);
      JsonNode operation =
          paths
              .path(sample.call.substring(sample.call.indexOf(' ') + 1))
              .path(sample.method().toLowerCase(Locale.ROOT));
      String telling = operation.path("x-audit").asString("");
      assertThat(telling.isEmpty()).as(sample.call).isEqualTo(!sample.changes());
      if (telling.isEmpty() || telling.equals("apart") || sample.ok != 200) {
        continue;
      }
      together++;
      String path = sample.path(things);
      String body = things.fill(sample.body);
      database.run(
          h ->
              h.execute(
                  "CREATE TRIGGER unheard BEFORE INSERT ON audit_event"
                      + " BEGIN SELECT RAISE(ABORT, 'full'); END"));
      try {
        String before = rows(database);
        assertThat(send(sample.method(), path, body, holder.key).statusCode())
            .as(sample.call)
            .isEqualTo(500);
        assertThat(rows(database)).as(sample.call).isEqualTo(before);
      } finally {
        database.run(h -> h.execute("DROP TRIGGER unheard"));
      }
    }
    log.setLevel(null);
    assertThat(together).isGreaterThan(30);
  }

  /** All there is, but what threads of their own write now and then. */
  private static String rows(Database database) {
    return database.read(
        h -> {
          List<Object> all = new ArrayList<>();
          for (String table :
              h.createQuery("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
                  .mapTo(String.class)
                  .list()) {
            if (!table.matches("audit_.*|lease_.*|node.*|quality_.*|sqlite_.*")) {
              all.add(table);
              for (var row : h.createQuery("SELECT * FROM " + table).mapToMap().list()) {
                row.remove("last_used_at");
                all.add(row);
              }
            }
          }
          return all.toString();
        });
  }

  private static void check(
      Sample sample, Role role, String where, boolean may, AdminThings things, String key) {
    HttpResponse<String> answer = call(sample, things, key);
    String what = "%s as %s of %s: %s".formatted(sample.call, role, where, answer.body());
    if (!may) {
      assertThat(answer.statusCode()).as(what).isEqualTo(403);
      assertThat(answer.body()).as(what).contains("permission_error", "not_permitted");
    } else if (sample.ok == 200) {
      assertThat(answer.statusCode()).as(what).isIn(200, 204);
      answers.check(sample.method(), sample.path(things), answer.statusCode(), answer.body());
    } else {
      assertThat(answer.statusCode()).as(what).isEqualTo(sample.ok);
    }
    if (may && sample.changes()) {
      things.renew();
    }
  }
}
