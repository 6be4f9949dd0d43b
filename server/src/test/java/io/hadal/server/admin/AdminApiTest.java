package io.hadal.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.KeyTerms;
import io.hadal.platform.signin.TestIssuer;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.platform.tenancy.Place;
import io.hadal.platform.tenancy.Role;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.server.http.HttpServerKind;
import io.hadal.server.http.JdkListener;
import io.hadal.server.http.ListenerOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

class AdminApiTest {
  private static String cookie(HttpResponse<String> response) {
    return response.headers().firstValue("set-cookie").orElseThrow().split(";")[0];
  }

  @ParameterizedTest
  @EnumSource(HttpServerKind.class)
  void signsInAndOutWithAPassword(HttpServerKind kind) {
    try (AdminWorld world = new AdminWorld(kind, null)) {
      assertThat(world.call("GET", "/session", null).statusCode()).isEqualTo(401);
      assertThat(AdminWorld.json(world.call("GET", "/session/methods", null)).toString())
          .isEqualTo("{\"password\":true,\"oidc\":false}");
      HttpResponse<String> wrong = world.call("POST", "/session", "{'password':'guess'}");
      assertThat(wrong.statusCode()).isEqualTo(401);
      assertThat(wrong.headers().firstValue("x-should-retry")).hasValue("false");
      HttpResponse<String> in =
          world.call("POST", "/session", "{'password':'" + world.password.reveal() + "'}");
      assertThat(in.statusCode()).as(in.body()).isEqualTo(200);
      assertThat(in.headers().firstValue("set-cookie").orElseThrow())
          .contains("HttpOnly", "SameSite=Lax", "Path=/");
      String cookie = cookie(in);
      String csrf = AdminWorld.text(AdminWorld.json(in), "csrf_token");
      JsonNode me = AdminWorld.json(world.call("GET", "/session", null, "cookie", cookie));
      assertThat(AdminWorld.text(me, "name")).isEqualTo("administrator");
      assertThat(AdminWorld.text(me, "csrf_token")).isEqualTo(csrf);
      assertThat(me.get("permissions").toString()).contains("\"key:write\"", "\"balance:write\"");

      String body = "{'name':'second'}";
      assertThat(world.call("POST", "/orgs", body, "cookie", cookie).statusCode()).isEqualTo(403);
      assertThat(
              world
                  .call("POST", "/orgs", body, "cookie", cookie, "x-csrf-token", csrf + "a")
                  .statusCode())
          .isEqualTo(403);
      HttpResponse<String> made =
          world.call(
              "POST", "/orgs", body, "cookie", "a=b; " + cookie + "; c=d", "x-csrf-token", csrf);
      assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
      HttpResponse<String> out =
          world.call("DELETE", "/session", null, "cookie", cookie, "x-csrf-token", csrf);
      assertThat(out.statusCode()).isEqualTo(204);
      assertThat(out.headers().firstValue("set-cookie").orElseThrow()).contains("Max-Age=0");
      assertThat(world.call("GET", "/session", null, "cookie", cookie).statusCode()).isEqualTo(401);
      assertThat(world.events)
          .extracting(e -> e.action() + " " + e.outcome())
          .containsExactly(
              "session.sign_in invalid_api_key",
              "session.sign_in ok",
              "org.create ok",
              "session.sign_out ok");
      assertThat(world.events.get(1).actor().name()).isEqualTo("administrator");
      assertThat(world.events.toString())
          .doesNotContain(world.password.reveal(), csrf, cookie.substring(cookie.indexOf('=') + 1));
    }
  }

  @Test
  void guessingPasswordsIsStopped() {
    try (AdminWorld world = new AdminWorld(HttpServerKind.JDK, null)) {
      for (int i = 0; i < 10; i++) {
        assertThat(world.call("POST", "/session", "{'password':'g" + i + "'}").statusCode())
            .isEqualTo(401);
      }
      HttpResponse<String> stopped =
          world.call("POST", "/session", "{'password':'" + world.password.reveal() + "'}");
      assertThat(stopped.statusCode()).isEqualTo(429);
      assertThat(stopped.headers().firstValueAsLong("retry-after").orElseThrow())
          .isBetween(1L, 60L);
    }
  }

  @Test
  void signsInByAnIdentityProvider() throws Exception {
    try (TestIssuer issuer = new TestIssuer(Clock.systemUTC());
        AdminWorld world = new AdminWorld(HttpServerKind.HELIDON, issuer)) {
      HttpResponse<String> start = world.call("GET", "/session/oidc?return_to=%2Fconsole%2F", null);
      assertThat(start.statusCode()).as(start.body()).isEqualTo(303);
      URI authorize = URI.create(start.headers().firstValue("location").orElseThrow());
      assertThat(authorize.toString())
          .startsWith(issuer.issuer().toString())
          .contains("code_challenge_method=S256", "scope=openid+profile");
      HttpResponse<String> back =
          world.http.send(
              HttpRequest.newBuilder(authorize).build(), HttpResponse.BodyHandlers.ofString());
      String callback = back.headers().firstValue("location").orElseThrow();
      String path = callback.substring(world.url("").length());
      // Without the browser's cookie, a code is worth nothing.
      assertThat(world.call("GET", path, null).statusCode()).isEqualTo(401);
      HttpResponse<String> done = world.call("GET", path, null, "cookie", cookie(start));
      assertThat(done.statusCode()).as(done.body()).isEqualTo(303);
      assertThat(done.headers().firstValue("location")).hasValue("/console/");
      assertThat(done.body()).isEmpty();
      String cookie = cookie(done);
      JsonNode me = AdminWorld.json(world.call("GET", "/session", null, "cookie", cookie));
      assertThat(AdminWorld.text(me, "name")).isEqualTo("Ann Example");
      HttpResponse<String> team =
          world.call(
              "POST",
              "/teams",
              "{'org':'" + world.org + "','name':'ops'}",
              "cookie",
              cookie,
              "x-csrf-token",
              AdminWorld.text(me, "csrf_token"));
      assertThat(team.statusCode()).as(team.body()).isEqualTo(200);
      assertThat(AdminWorld.json(world.call("GET", "/session/methods", null)).toString())
          .isEqualTo("{\"password\":true,\"oidc\":true}");
      assertThat(world.events)
          .extracting(e -> e.action() + " " + e.outcome() + " " + e.actor().name())
          .contains(
              "session.sign_in invalid_api_key nobody",
              "session.sign_in ok Ann Example",
              "team.create ok Ann Example");
      assertThat(world.call("GET", "/session/oidc/callback?error=access_denied", null).statusCode())
          .isEqualTo(403);
    }
  }

  @Test
  void keysLiveOverHttp() {
    try (AdminWorld world = new AdminWorld(HttpServerKind.JDK, null)) {
      Tenants.Project project = world.project(world.org);
      String admin = world.holder(Role.ADMIN, "team", project.team(), project.id()).key();
      HttpResponse<String> made =
          world.with(
              admin,
              "POST",
              "/keys",
              ("{'project':'%s','name':'ci','scopes':['inference'],'models':['deepseek-*'],"
                      + "'addresses':['127.0.0.1'],'expires_at':'2100-01-01T00:00:00Z',"
                      + "'limits':{'rpm':10},'test':true}")
                  .formatted(project.id()));
      assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
      JsonNode key = AdminWorld.json(made);
      String text = AdminWorld.text(key, "text");
      String id = AdminWorld.text(key, "id");
      assertThat(text).startsWith("sk-t-").startsWith(AdminWorld.text(key, "prefix"));
      assertThat(world.keys.authenticate(text, "127.0.0.1").project()).isEqualTo(project.id());
      HttpResponse<String> slip =
          world.with(
              admin,
              "POST",
              "/keys",
              "{'project':'%s','name':'ci','model_allow':['a']}".formatted(project.id()));
      assertThat(slip.statusCode()).isEqualTo(400);
      assertThat(slip.body()).contains("model_allow is unknown", "known here: addresses,");
      // A key for inference administers nothing.
      assertThat(world.with(text, "GET", "/keys", null).statusCode()).isEqualTo(403);
      JsonNode shown = AdminWorld.json(world.with(admin, "GET", "/keys/" + id, null));
      assertThat(shown.has("text")).isFalse();
      assertThat(AdminWorld.text(shown, "state")).isEqualTo("active");
      assertThat(shown.get("limits").toString()).isEqualTo("{\"rpm\":10}");

      JsonNode changed =
          AdminWorld.json(
              world.with(admin, "PATCH", "/keys/" + id, "{'name':'cd','expires_at':null}"));
      assertThat(AdminWorld.text(changed, "name")).isEqualTo("cd");
      assertThat(changed.get("expires_at").isNull()).isTrue();
      assertThat(changed.get("models").size()).isEqualTo(1);
      JsonNode rotated =
          AdminWorld.json(
              world.with(admin, "POST", "/keys/" + id + "/rotate", "{'grace_seconds':0}"));
      String second = AdminWorld.text(rotated, "text");
      assertThatThrownBy(() -> world.keys.authenticate(text, "127.0.0.1"));
      world.keys.authenticate(second, "127.0.0.1");
      assertThat(
              AdminWorld.text(
                  AdminWorld.json(world.with(admin, "DELETE", "/keys/" + id, null)), "state"))
          .isEqualTo("revoked");
      assertThatThrownBy(() -> world.keys.authenticate(second, "127.0.0.1"));
      JsonNode list =
          AdminWorld.json(world.with(admin, "GET", "/keys?limit=1&project=" + project.id(), null));
      assertThat(list.get("data").size()).isEqualTo(1);
      assertThat(list.get("next").isString()).isTrue();

      assertThat(world.events)
          .extracting(AdminAudit.Event::action)
          .containsExactly("key.create", "key.update", "key.rotate", "key.remove");
      assertThat(world.events.toString()).doesNotContain(text, second, admin);
      AdminAudit.Event update = world.events.get(1);
      assertThat(update.object()).isEqualTo("keys/" + id);
      assertThat(String.valueOf(update.before())).contains("\"ci\"");
      assertThat(String.valueOf(update.after())).contains("\"cd\"");
      assertThat(String.valueOf(world.events.getFirst().after())).contains("[redacted]");
    }
  }

  @Test
  void nobodyGetsMoreThanItHas() {
    try (AdminWorld world = new AdminWorld(HttpServerKind.JDK, null)) {
      Tenants.Project project = world.project(world.org);
      AdminWorld.Holder boss = world.holder(Role.OWNER, "org", world.org, project.id());
      AdminWorld.Holder lead = world.holder(Role.ADMIN, "team", project.team(), project.id());
      AdminWorld.Holder dev = world.holder(Role.DEVELOPER, "project", project.id(), project.id());
      String grant = "{'principal':'%s','role':'%s','scope_type':'%s','scope_id':'%s'}";
      for (String[] more :
          new String[][] {
            {"owner", "project", project.id()},
            {"billing", "team", project.team()},
            {"admin", "org", world.org},
            {"admin", "all", "*"}
          }) {
        String body = grant.formatted(lead.principal(), more[0], more[1], more[2]);
        assertThat(world.with(lead.key(), "POST", "/grants", body).statusCode())
            .as(body)
            .isEqualTo(403);
      }
      assertThat(
              world
                  .with(
                      lead.key(),
                      "POST",
                      "/grants",
                      grant.formatted(dev.principal(), "viewer", "team", project.team()))
                  .statusCode())
          .isEqualTo(200);
      // To take the owner's role away, to archive it, to make or rotate a key of it.
      assertThat(
              world
                  .with(
                      lead.key(),
                      "DELETE",
                      "/grants/"
                          + boss.principal()
                          + "/org/"
                          + world.org
                          + "/owner?project="
                          + project.id(),
                      null)
                  .statusCode())
          .isEqualTo(403);
      assertThat(
              world
                  .with(
                      lead.key(),
                      "DELETE",
                      "/principals/" + boss.principal() + "?project=" + project.id(),
                      null)
                  .statusCode())
          .isEqualTo(403);
      String forBoss =
          "{'project':'%s','name':'x','scopes':['admin:*'],'principal':'%s'}"
              .formatted(project.id(), boss.principal());
      assertThat(world.with(lead.key(), "POST", "/keys", forBoss).statusCode()).isEqualTo(403);
      assertThat(
              world
                  .with(lead.key(), "POST", "/keys/" + boss.keyId() + "/rotate", "{}")
                  .statusCode())
          .isEqualTo(403);
      // A plain key of the boss that a lead would widen.
      KeyStore.Created plain =
          world.keys.create(project.id(), boss.principal(), false, KeyTerms.inference("plain"));
      assertThat(
              world
                  .with(lead.key(), "PATCH", "/keys/" + plain.key().id(), "{'scopes':['admin:*']}")
                  .statusCode())
          .isEqualTo(403);

      // A developer sees and makes its own keys alone.
      assertThat(world.with(dev.key(), "GET", "/keys/" + plain.key().id(), null).statusCode())
          .isEqualTo(404);
      assertThat(world.with(dev.key(), "DELETE", "/keys/" + plain.key().id(), null).statusCode())
          .isEqualTo(404);
      JsonNode own =
          AdminWorld.json(
              world.with(
                  dev.key(), "POST", "/keys", "{'project':'" + project.id() + "','name':'mine'}"));
      assertThat(AdminWorld.text(own, "principal")).isEqualTo(dev.principal());
      assertThat(world.with(dev.key(), "POST", "/keys", forBoss).statusCode()).isEqualTo(403);
      JsonNode list = AdminWorld.json(world.with(dev.key(), "GET", "/keys", null));
      list.get("data")
          .forEach(k -> assertThat(AdminWorld.text(k, "principal")).isEqualTo(dev.principal()));
      assertThat(list.get("data").size()).isEqualTo(2);
    }
  }

  @Test
  void whatNobodyCanPlaceNeedsTheWholeSystem() {
    try (AdminWorld world = new AdminWorld(HttpServerKind.JDK, null)) {
      Tenants.Project mine = world.project(world.org);
      String key = world.holder(Role.OWNER, "project", mine.id(), mine.id()).key();
      EndpointGroup things =
          () ->
              List.of(
                  new Endpoint(
                      "DELETE",
                      "/things/{id}",
                      Permission.write(Resource.BUDGET),
                      "Delete",
                      call -> null),
                  new Endpoint(
                      "GET",
                      "/things",
                      Permission.read(Resource.USAGE),
                      "List",
                      call -> AdminJson.object()),
                  new Endpoint(
                      "GET",
                      "/shared",
                      Permission.read(Resource.MODEL),
                      "List",
                      call -> AdminJson.object()));
      EndpointGroup ofOrgs =
          () ->
              List.of(
                  new Endpoint(
                      "DELETE",
                      "/own/{id}",
                      Permission.write(Resource.BUDGET),
                      "Delete",
                      call -> null));
      AdminApi api =
          new AdminApi(
              world.database,
              world.tenants,
              world.principals,
              world.keys,
              world.sessions,
              new SessionEndpoints(world.signIn, world.sessions, world.principals, true),
              List.of(things, EndpointGroup.placed(ofOrgs, Place::home)),
              event -> {});
      try (var listener =
          JdkListener.start(
              new ListenerOptions("127.0.0.1", 0, 8, null, null, HttpServerKind.JDK),
              exchange -> api.handle(exchange, "req_x", (who, by) -> {}))) {
        String base = "http://127.0.0.1:" + listener.port() + AdminApi.PREFIX;
        String named = "?project=" + mine.id();
        assertThat(status(world, key, "DELETE", base + "/things/1")).isEqualTo(403);
        assertThat(status(world, key, "DELETE", base + "/things/1" + named)).isEqualTo(403);
        assertThat(status(world, key, "GET", base + "/things")).isEqualTo(403);
        assertThat(status(world, key, "GET", base + "/things" + named)).isEqualTo(200);
        assertThat(status(world, key, "GET", base + "/things" + named + "&org=" + world.org))
            .isEqualTo(200);
        String other = world.tenants.createOrg("other").id();
        assertThat(status(world, key, "GET", base + "/things" + named + "&org=" + other))
            .isEqualTo(403);
        assertThat(status(world, key, "GET", base + "/things" + named + "&project_id=none"))
            .isEqualTo(403);
        assertThat(status(world, key, "GET", base + "/things" + named + "&project=none"))
            .isEqualTo(400);
        assertThat(status(world, key, "GET", base + "/shared")).isEqualTo(200);
        assertThat(status(world, key, "DELETE", base + "/own/1")).isEqualTo(403);
        assertThat(status(world, key, "DELETE", base + "/own/1" + named)).isEqualTo(403);
        String lead = world.holder(Role.OWNER, "org", world.org, mine.id()).key();
        assertThat(status(world, lead, "DELETE", base + "/own/1")).isEqualTo(204);
        assertThat(status(world, lead, "DELETE", base + "/things/1")).isEqualTo(403);
        assertThat(status(world, lead, "GET", base + "/things?scope_type=org&scope_id=*"))
            .isEqualTo(200);
        assertThat(status(world, key, "GET", base + "/things?scope_type=org&scope_id=*"))
            .isEqualTo(403);
        assertThat(
                status(
                    world,
                    key,
                    "GET",
                    base + "/things?scope_type=end_user&scope_id=" + mine.id() + "/x"))
            .isEqualTo(200);
      }
    }
  }

  private static int status(AdminWorld world, String key, String method, String url) {
    try {
      return world
          .http
          .send(
              HttpRequest.newBuilder(URI.create(url))
                  .header("x-api-key", key)
                  .method(method, HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .statusCode();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(HttpServerKind.class)
  void hostileCalls(HttpServerKind kind) throws Exception {
    try (AdminWorld world = new AdminWorld(kind, null)) {
      Tenants.Project project = world.project(world.org);
      String key = world.holder(Role.OWNER, "all", "*", project.id()).key();
      String deep = "[".repeat(5000) + "]".repeat(5000);
      for (String body :
          new String[] {
            "{",
            "[]",
            "1",
            "null",
            "{'name':'a'}{'name':'b'}",
            "{'name':'a','name':'b'}",
            "{'name':" + deep + "}",
            "{'name':1}",
            "{'name':{'a':1}}",
            "{'name':''}",
            "{}",
            "{'name':'" + "x".repeat(101) + "'}",
            "{'name':'a\\u0000b'}",
            "{'name':'a\\nb'}",
            "{'name':null}",
            "{'name':'\u0001'}"
          }) {
        HttpResponse<String> answer = world.with(key, "POST", "/orgs", body);
        assertThat(answer.statusCode())
            .as(body.substring(0, Math.min(40, body.length())))
            .isEqualTo(400);
        assertThat(AdminWorld.json(answer).get("error").has("code")).isTrue();
      }
      HttpResponse<String> half = world.with(key, "POST", "/orgs", "{'name':'a\\ud800'}");
      assertThat(half.statusCode()).isEqualTo(400);
      assertThat(half.body()).contains("half a character");
      StringBuilder many = new StringBuilder();
      for (int i = 0; i < 70; i++) {
        many.append("a").append(i).append("=1&");
      }
      assertThat(world.with(key, "GET", "/keys?" + "a=1&".repeat(3000), null).statusCode())
          .isIn(400, 414);
      assertThat(
              world
                  .with(key, "POST", "/orgs", "{'name':'" + "x".repeat(2 << 20) + "'}")
                  .statusCode())
          .isEqualTo(413);
      HttpResponse<String> form =
          world.call(
              "POST",
              "/orgs",
              null,
              "authorization",
              "Bearer " + key,
              "content-type",
              "application/x-www-form-urlencoded");
      assertThat(form.statusCode()).isEqualTo(400);
      for (String path :
          new String[] {
            "/keys?limit=0",
            "/keys?limit=501",
            "/keys?limit=x",
            "/keys?limit=99999999999",
            "/keys?limit=1&limit=2",
            "/keys?after=%00",
            "/orgs/%FF",
            "/keys?" + many
          }) {
        assertThat(world.with(key, "GET", path, null).statusCode())
            .as(path.substring(0, Math.min(40, path.length())))
            .isEqualTo(400);
      }
      for (String path :
          new String[] {
            "",
            "/",
            "/none",
            "/orgs/x/y",
            "/orgs//",
            "/" + "a/".repeat(100),
            "/orgs/none",
            "/keys/'%20OR%201=1",
            "/projects/..%2F..%2Forgs",
            "/principals/%F0%9F%98%80"
          }) {
        assertThat(world.with(key, "GET", path.replace('\'', '+'), null).statusCode())
            .as(path)
            .isEqualTo(404);
      }
      HttpResponse<String> method = world.with(key, "PUT", "/orgs", "{}");
      assertThat(method.statusCode()).isEqualTo(405);
      assertThat(method.headers().firstValue("allow")).hasValue("GET, POST");
      for (String wrong :
          new String[] {"", "x", "sk-l-0000000000-" + "A".repeat(44), "'; DROP TABLE org;--"}) {
        HttpResponse<String> answer = world.with(wrong, "GET", "/orgs", null);
        assertThat(answer.statusCode()).as(wrong).isEqualTo(401);
        assertThat(answer.body()).doesNotContain("DROP");
      }
      assertThat(raw(world, "GET /admin/v1/orgs/%zz HTTP/1.1")).contains(" 400 ");
      assertThat(raw(world, "GET /admin%2Fv1/orgs HTTP/1.1")).contains(" 404 ");
      assertThat(world.with(key, "GET", "/orgs", null).statusCode()).isEqualTo(200);
    }
  }

  private static String raw(AdminWorld world, String line) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), world.port())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write(
              (line + "\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      // The first line is enough: not every refusal closes the connection.
      return new String(in.readNBytes(40), StandardCharsets.UTF_8);
    }
  }

  @Test
  void describesItself() {
    try (AdminWorld world = new AdminWorld(HttpServerKind.JDK, null)) {
      assertThat(world.call("GET", "/openapi.json", null).statusCode()).isEqualTo(401);
      Tenants.Project project = world.project(world.org);
      String key = world.holder(Role.VIEWER, "project", project.id(), project.id()).key();
      JsonNode document = AdminWorld.json(world.with(key, "GET", "/openapi.json", null));
      assertThat(AdminWorld.text(document, "openapi")).isEqualTo("3.1.0");
      assertThat(document.at("/paths/~1keys/post/requestBody").toString())
          .contains("\"addresses\":{\"type\":\"array\"}", "\"required\":[\"project\",\"name\"]");
      List<String> filters = new ArrayList<>();
      document
          .at("/paths/~1projects/get/parameters")
          .forEach(p -> filters.add(AdminWorld.text(p, "name")));
      assertThat(filters).containsExactly("org", "team", "limit", "after");
      Set<String> ids = new HashSet<>();
      int guarded = 0;
      for (var path : document.get("paths").properties()) {
        for (var operation : path.getValue().properties()) {
          JsonNode op = operation.getValue();
          assertThat(ids.add(AdminWorld.text(op, "operationId"))).isTrue();
          assertThat(AdminWorld.text(op, "summary")).isNotEmpty();
          assertThat(op.get("responses").has("default")).isTrue();
          if (op.has("requestBody")) {
            assertThat(op.at("/requestBody/content/application~1json/schema").has("properties"))
                .as(path.getKey())
                .isTrue();
          }
          Set<String> named = new HashSet<>();
          for (JsonNode p : op.get("parameters")) {
            if (AdminWorld.text(p, "in").equals("path")) {
              named.add("{" + AdminWorld.text(p, "name") + "}");
            }
          }
          for (String segment : path.getKey().split("/")) {
            assertThat(segment.startsWith("{") && !named.remove(segment))
                .as(path.getKey())
                .isFalse();
          }
          assertThat(named).isEmpty();
          if (op.has("x-permission")) {
            guarded++;
            assertThat(op.get("security").size()).isEqualTo(2);
          }
        }
      }
      assertThat(guarded)
          .isEqualTo(world.groups.stream().mapToInt(g -> g.endpoints().size()).sum());
    }
  }

  /** What is described has to be there. */
  @Test
  void parametersAreThoseOfCalls() {
    try (AdminWorld world = new AdminWorld(HttpServerKind.JDK, null)) {
      Set<String> mounted =
          new HashSet<>(List.of("GET /session/oidc", "GET /session/oidc/callback"));
      world.groups.forEach(
          g -> g.endpoints().forEach(e -> mounted.add(e.method() + " " + e.path())));
      Set<String> tenancy = new HashSet<>(QueryFields.calls());
      tenancy.removeIf(call -> !call.matches("GET /(orgs|teams|projects|principals|keys|grants)"));
      assertThat(tenancy).hasSize(6);
      assertThat(mounted).containsAll(tenancy);
    }
  }

  @Test
  void noChangeIsThereWithoutItsEvent() {
    try (AdminWorld world = new AdminWorld(HttpServerKind.JDK, null)) {
      String mine = world.project(world.org).id();
      AdminWorld.Holder owner = world.holder(Role.OWNER, "all", "*", mine);
      String signIn = "{'password':'" + world.password.reveal() + "'}";
      String cookie = cookie(world.call("POST", "/session", signIn));
      String csrf =
          AdminWorld.text(
              AdminWorld.json(world.call("GET", "/session", null, "cookie", cookie)), "csrf_token");
      world.deaf = true;
      assertThat(world.with(owner.key(), "POST", "/orgs", "{'name':'lost'}").statusCode())
          .isEqualTo(500);
      String keyPath = "/keys/" + owner.keyId();
      assertThat(world.with(owner.key(), "DELETE", keyPath, null).statusCode()).isEqualTo(500);
      assertThat(
              world
                  .call("DELETE", "/session", null, "cookie", cookie, "x-csrf-token", csrf)
                  .statusCode())
          .isEqualTo(500);
      HttpResponse<String> in = world.call("POST", "/session", signIn);
      assertThat(in.statusCode()).isEqualTo(500);
      assertThat(in.headers().allValues("set-cookie")).hasSize(1);
      assertThat(cookie(in)).isEqualTo(AdminCaller.COOKIE + "=");
      world.deaf = false;
      // The key is known as revoked to nobody: its number of changes was taken back.
      HttpResponse<String> orgs = world.with(owner.key(), "GET", "/orgs", null);
      assertThat(orgs.statusCode()).isEqualTo(200);
      assertThat(orgs.body()).doesNotContain("lost");
      assertThat(world.call("GET", "/session", null, "cookie", cookie).statusCode()).isEqualTo(200);
      assertThat(world.with(owner.key(), "DELETE", keyPath, null).statusCode()).isEqualTo(200);
      assertThat(world.with(owner.key(), "GET", "/orgs", null).statusCode()).isEqualTo(401);
    }
  }

  @Test
  void twoEndpointsAtOnePlaceAreABug() {
    try (AdminWorld world = new AdminWorld(HttpServerKind.JDK, null)) {
      assertThatThrownBy(
              () ->
                  new AdminApi(
                      world.database,
                      world.tenants,
                      world.principals,
                      world.keys,
                      world.sessions,
                      new SessionEndpoints(world.signIn, world.sessions, world.principals, false),
                      List.of(world.groups.getFirst(), world.groups.getFirst()),
                      event -> {}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("cannot mount");
    }
  }
}
