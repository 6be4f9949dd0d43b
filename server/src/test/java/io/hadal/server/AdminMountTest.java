package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.Pepper;
import io.hadal.platform.signin.BreakGlass;
import io.hadal.platform.signin.PasswordHash;
import io.hadal.platform.signin.Sessions;
import io.hadal.platform.signin.SignIn;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.server.admin.AdminApi;
import io.hadal.server.admin.SessionEndpoints;
import io.hadal.server.admin.TenantEndpoints;
import io.hadal.server.http.HelidonListener;
import io.hadal.server.http.HttpServerKind;
import io.hadal.server.http.ListenerOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Administration among the other paths, whose keys it does not take. */
class AdminMountTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void administrationAsksByItself() throws Exception {
    Path file = folder.resolve("keys");
    String fileKey = "sk-of-a-file-0123456789";
    Files.writeString(file, "alice " + fileKey + "\n");
    Clock clock = Clock.systemUTC();
    List<String> outcomes = new CopyOnWriteArrayList<>();
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE);
        KeyStore keys = new KeyStore(database, Pepper.file(folder.resolve("pepper")), clock);
        HttpClient http = HttpClient.newHttpClient()) {
      Tenants tenants = new Tenants(database, clock);
      Principals principals = new Principals(database, clock);
      Sessions sessions = new Sessions(database, clock);
      BreakGlass breakGlass = new BreakGlass(database, new PasswordHash(1000), clock);
      SignIn signIn =
          new SignIn(principals, sessions, breakGlass, null, false, new byte[32], clock);
      AdminApi admin =
          new AdminApi(
              database,
              tenants,
              principals,
              keys,
              sessions,
              new SessionEndpoints(signIn, sessions, principals, true),
              List.of(new TenantEndpoints(tenants, principals, () -> {})),
              event -> {});
      Routes routes = new Routes();
      routes.addAdmin(admin);
      ApiHandler handler =
          new ApiHandler(
              routes,
              KeyRing.read(file),
              null,
              1 << 20,
              ServerLimits.DEFAULT.idempotency(),
              new AtomicInteger(),
              call -> outcomes.add(call.operation() + " " + call.outcome()));
      ListenerOptions options =
          new ListenerOptions("127.0.0.1", 0, 16, null, null, HttpServerKind.HELIDON);
      try (HelidonListener listener = HelidonListener.start(options, handler, new byte[0])) {
        String base = "http://127.0.0.1:" + listener.port();
        assertThat(get(http, base + "/admin/v1/session/methods", "accept", "*/*").statusCode())
            .isEqualTo(200);
        HttpResponse<String> refused =
            get(http, base + "/admin/v1/orgs", "authorization", "Bearer " + fileKey);
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.headers().firstValue("x-should-retry")).hasValue("false");
        assertThat(refused.headers().firstValue("cache-control")).hasValue("no-store");
        assertThat(refused.headers().firstValue("x-request-id").orElseThrow()).startsWith("req_");
        assertThat(get(http, base + "/admin/v1", "accept", "*/*").statusCode()).isEqualTo(404);
        assertThat(get(http, base + "/admin/v2/orgs", "accept", "*/*").statusCode()).isEqualTo(404);
        assertThat(outcomes).contains("admin ok", "admin invalid_api_key", "none unknown_url");
      }
    }
  }

  private static HttpResponse<String> get(HttpClient http, String url, String header, String value)
      throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(url)).header(header, value).build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
