package io.hadal.server.admin;

import io.hadal.formats.Json;
import io.hadal.platform.SecretText;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.db.TestFolders;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.KeyTerms;
import io.hadal.platform.keys.Pepper;
import io.hadal.platform.signin.BreakGlass;
import io.hadal.platform.signin.OidcOptions;
import io.hadal.platform.signin.PasswordHash;
import io.hadal.platform.signin.Sessions;
import io.hadal.platform.signin.SignIn;
import io.hadal.platform.signin.TestIssuer;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Permissions.Visible;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Role;
import io.hadal.platform.tenancy.Scope;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.server.http.HelidonListener;
import io.hadal.server.http.HttpHandler;
import io.hadal.server.http.HttpListener;
import io.hadal.server.http.HttpServerKind;
import io.hadal.server.http.JdkListener;
import io.hadal.server.http.ListenerOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Administration on a real socket, over a new file of SQLite. */
final class AdminWorld implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  final Clock clock = Clock.systemUTC();
  final Database database = TestDatabases.open(DatabaseKind.SQLITE);
  final Tenants tenants = new Tenants(database, clock);
  final Principals principals = new Principals(database, clock);
  final Sessions sessions = new Sessions(database, clock);
  final KeyStore keys;
  final SignIn signIn;
  final SecretText password;
  final String org;
  final AdminApi api;
  final List<EndpointGroup> groups;
  final List<AdminAudit.Event> events = new CopyOnWriteArrayList<>();

  /** Whether events cannot be written down. */
  volatile boolean deaf;

  final HttpClient http = HttpClient.newHttpClient();
  private final HttpListener listener;

  AdminWorld(HttpServerKind kind, @Nullable TestIssuer issuer) {
    AtomicReference<@Nullable AdminApi> mounted = new AtomicReference<>();
    HttpHandler handler =
        exchange ->
            Objects.requireNonNull(mounted.get()).handle(exchange, "req_test", (who, key) -> {});
    ListenerOptions options = new ListenerOptions("127.0.0.1", 0, 64, null, null, kind);
    listener =
        kind == HttpServerKind.JDK
            ? JdkListener.start(options, handler)
            : HelidonListener.start(options, handler, "bad".getBytes(StandardCharsets.UTF_8));
    keys =
        new KeyStore(
            database, Pepper.file(TestFolders.create("hadal-admin").resolve("pepper")), clock);
    BreakGlass breakGlass = new BreakGlass(database, new PasswordHash(1000), clock);
    password = Objects.requireNonNull(breakGlass.firstStart());
    org = tenants.orgs(Visible.EVERYTHING, null, 1).data().getFirst().id();
    OidcOptions oidc =
        issuer == null
            ? null
            : new OidcOptions(
                issuer.issuer(),
                TestIssuer.CLIENT,
                new SecretText(TestIssuer.SECRET),
                URI.create(url("/session/oidc/callback")),
                List.of("profile"),
                "groups",
                List.of(
                    new OidcOptions.GroupGrant("admins", new Actor.Grant(Role.ADMIN, "org", org))),
                org);
    signIn = new SignIn(principals, sessions, breakGlass, oidc, true, new byte[32], clock);
    groups =
        List.of(
            new TenantEndpoints(tenants, principals, () -> {}),
            new KeyEndpoints(keys, tenants, principals, clock, () -> {}));
    api =
        new AdminApi(
            database,
            tenants,
            principals,
            keys,
            sessions,
            new SessionEndpoints(signIn, sessions, principals, false),
            groups,
            this::told);
    mounted.set(api);
  }

  private void told(AdminAudit.Event event) {
    if (deaf) {
      throw new IllegalStateException("no audit log");
    }
    events.add(event);
  }

  int port() {
    return listener.port();
  }

  String url(String path) {
    return "http://127.0.0.1:" + listener.port() + AdminApi.PREFIX + path;
  }

  /** A service with a role somewhere, and the text of its key for administration. */
  record Holder(String principal, String key, String keyId) {}

  Holder holder(Role role, String scopeType, String scopeId, String project) {
    Tenants.Project home = Objects.requireNonNull(tenants.project(project));
    String id =
        principals
            .create(home.org(), Principals.Kind.SERVICE, "s" + COUNT.incrementAndGet(), null)
            .id();
    principals.grant(id, new Actor.Grant(role, scopeType, scopeId));
    KeyTerms terms = new KeyTerms("k", EnumSet.of(Scope.ADMIN), List.of(), List.of(), "{}", null);
    KeyStore.Created created = keys.create(project, id, false, terms);
    return new Holder(id, created.text().reveal(), created.key().id());
  }

  /** A project in a new team of an org. */
  Tenants.Project project(String inOrg) {
    int n = COUNT.incrementAndGet();
    return tenants.createProject(
        tenants.createTeam(inOrg, "team" + n).id(), "project" + n, "Project", null);
  }

  /** Sends a call; single quotes in the body stand for double ones. */
  HttpResponse<String> call(String method, String path, @Nullable String body, String... headers) {
    List<String> all = new ArrayList<>(List.of(headers));
    HttpRequest.BodyPublisher content = HttpRequest.BodyPublishers.noBody();
    if (body != null) {
      content = HttpRequest.BodyPublishers.ofString(body.replace('\'', '"'));
      all.addAll(List.of("content-type", "application/json"));
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url(path)))
            .timeout(Duration.ofSeconds(60))
            .method(method, content);
    if (!all.isEmpty()) {
      request.headers(all.toArray(String[]::new));
    }
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A call with a key. */
  HttpResponse<String> with(String key, String method, String path, @Nullable String body) {
    return call(method, path, body, "authorization", "Bearer " + key);
  }

  static JsonNode json(HttpResponse<String> response) {
    return Json.parse(response.body().getBytes(StandardCharsets.UTF_8), "answer");
  }

  static String text(JsonNode json, String name) {
    return json.path(name).asString("");
  }

  @Override
  public void close() {
    listener.close();
    http.close();
    signIn.close();
    keys.close();
    database.close();
  }
}
