package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** People sign in by Keycloak, as it is published, to a server in a process of its own. */
class KeycloakTest {
  private static final Path KEYCLOAK = Path.of("target", "keycloak");
  private static final Pattern FORM = Pattern.compile("action=\"(http[^\"]+)\"");
  private static final String SECRET = "a-secret-of-the-client";

  @TempDir private Path folder = Path.of("");

  private int port;
  private int keycloakPort;
  private Process keycloak = new ProcessBuilder("true").start();
  private Process hadal = keycloak;

  KeycloakTest() throws IOException {}

  @BeforeEach
  void start() throws Exception {
    port = freePort();
    keycloakPort = freePort();
    keycloak = startKeycloak();
    String url = startHadal();
    assertThat(url).endsWith(":" + port);
  }

  @AfterEach
  void stop() throws Exception {
    hadal.destroyForcibly().waitFor();
    keycloak.destroy();
    if (!keycloak.waitFor(20, TimeUnit.SECONDS)) {
      keycloak.destroyForcibly().waitFor();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private Process startKeycloak() throws Exception {
    Path home;
    try (var files = Files.list(KEYCLOAK)) {
      home = files.filter(Files::isDirectory).findFirst().orElseThrow();
    }
    home = home.toAbsolutePath();
    Path script = home.resolve("bin/kc.sh");
    assertThat(script.toFile().setExecutable(true)).isTrue();
    Path imported = Files.createDirectories(home.resolve("data/import"));
    Files.writeString(imported.resolve("hadal-realm.json"), realm());
    ProcessBuilder builder =
        new ProcessBuilder(
                script.toString(),
                "start-dev",
                "--import-realm",
                "--http-host=127.0.0.1",
                "--http-port=" + keycloakPort,
                // Nothing of an earlier run.
                "--db=dev-mem")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keycloak").toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.start();
    HttpRequest realm =
        HttpRequest.newBuilder(URI.create(issuer() + "/.well-known/openid-configuration")).build();
    try (HttpClient http = HttpClient.newHttpClient()) {
      for (int i = 0; i < 1200; i++) {
        assertThat(process.isAlive()).as(Files.readString(folder.resolve("keycloak"))).isTrue();
        try {
          if (http.send(realm, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
            return process;
          }
        } catch (IOException e) {
          // Not there yet.
        }
        Thread.sleep(500);
      }
    }
    process.destroyForcibly();
    throw new IllegalStateException(Files.readString(folder.resolve("keycloak")));
  }

  private String issuer() {
    return "http://127.0.0.1:" + keycloakPort + "/realms/hadal";
  }

  private String realm() {
    return """
        {"realm": "hadal", "enabled": true, "sslRequired": "none",
         "groups": [{"name": "platform"}, {"name": "guests"}],
         "users": [
           {"username": "ann", "enabled": true, "email": "ann@example.org", "emailVerified": true,
            "firstName": "Ann", "lastName": "Example", "groups": ["/platform"],
            "credentials": [{"type": "password", "value": "ann-s-password"}]},
           {"username": "bob", "enabled": true, "email": "bob@example.org", "emailVerified": true,
            "firstName": "Bob", "lastName": "Example", "groups": ["/guests"],
            "credentials": [{"type": "password", "value": "bob-s-password"}]}],
         "clients": [
           {"clientId": "hadal", "enabled": true, "protocol": "openid-connect",
            "publicClient": false, "secret": "%s", "standardFlowEnabled": true,
            "directAccessGrantsEnabled": false,
            "redirectUris": ["http://127.0.0.1:%d/admin/v1/session/oidc/callback"],
            "attributes": {"pkce.code.challenge.method": "S256"},
            "protocolMappers": [
              {"name": "groups", "protocol": "openid-connect",
               "protocolMapper": "oidc-group-membership-mapper",
               "config": {"full.path": "false", "id.token.claim": "true",
                          "access.token.claim": "false", "userinfo.token.claim": "false",
                          "claim.name": "groups"}}]}]}
        """
        .formatted(SECRET, port);
  }

  private String startHadal() throws Exception {
    Path secret = Files.writeString(folder.resolve("secret"), SECRET);
    Path config =
        Files.writeString(
            folder.resolve("hadal.yaml"),
            """
            platform:
              enabled: true
              data: %s
              oidc:
                issuer: %s
                client_id: hadal
                client_secret: "file:%s"
                redirect: http://127.0.0.1:%d/admin/v1/session/oidc/callback
                groups: [{group: platform, role: admin}]
            """
                .formatted(folder.resolve("data"), issuer(), secret, port));
    hadal =
        new ProcessBuilder(
                List.of(
                    java(),
                    "--add-modules=jdk.incubator.vector",
                    "--enable-native-access=ALL-UNNAMED",
                    "-Xmx1g",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Hadal.class.getName(),
                    "serve",
                    "--config",
                    config.toString(),
                    "--port",
                    Integer.toString(port)))
            .redirectError(folder.resolve("err").toFile())
            .start();
    String line = new BufferedReader(new InputStreamReader(hadal.getInputStream())).readLine();
    assertThat(line).as(Files.readString(folder.resolve("err"))).contains("http");
    return line.substring(line.indexOf("http"));
  }

  /** A browser: to it this machine is safe without TLS, so that it also sends secure cookies. */
  private final class Browser implements AutoCloseable {
    private final HttpClient http =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();
    private final Map<String, String> cookies = new TreeMap<>();

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
      if (!cookies.isEmpty()) {
        request.header("cookie", String.join("; ", cookies.values()));
      }
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      for (String set : response.headers().allValues("set-cookie")) {
        String cookie = set.split(";", 2)[0];
        cookies.put(cookie.substring(0, cookie.indexOf('=')), cookie);
      }
      return response;
    }

    HttpResponse<String> get(String url) throws Exception {
      return send(HttpRequest.newBuilder(URI.create(url)));
    }

    HttpResponse<String> post(String url, String type, String body, String... headers)
        throws Exception {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(url))
              .header("content-type", type)
              .POST(HttpRequest.BodyPublishers.ofString(body));
      if (headers.length > 0) {
        request.headers(headers);
      }
      return send(request);
    }

    /** Up to what Keycloak says to name and password. */
    HttpResponse<String> authenticate(String name, String password) throws Exception {
      HttpResponse<String> start = get(admin("/session/oidc?return_to=%2Fconsole%2F"));
      assertThat(start.statusCode()).as(start.body()).isEqualTo(303);
      HttpResponse<String> page = get(location(start));
      assertThat(page.statusCode()).as(page.body()).isEqualTo(200);
      Matcher form = FORM.matcher(page.body());
      assertThat(form.find()).as(page.body()).isTrue();
      return post(
          form.group(1).replace("&amp;", "&"),
          "application/x-www-form-urlencoded",
          "username="
              + name
              + "&password="
              + URLEncoder.encode(password, StandardCharsets.UTF_8)
              + "&credentialId=");
    }

    JsonNode session() throws Exception {
      HttpResponse<String> me = get(admin("/session"));
      assertThat(me.statusCode()).as(me.body()).isEqualTo(200);
      return Json.parse(me.body().getBytes(StandardCharsets.UTF_8), "session");
    }

    HttpResponse<String> makeTeam(String csrf) throws Exception {
      HttpResponse<String> orgs = get(admin("/orgs"));
      Matcher org = Pattern.compile("org_\\w+").matcher(orgs.body());
      String id = org.find() ? org.group() : "org_x";
      return post(
          admin("/teams"),
          "application/json",
          "{\"org\":\"" + id + "\",\"name\":\"ops\"}",
          "x-csrf-token",
          csrf);
    }

    @Override
    public void close() {
      http.close();
    }
  }

  private String admin(String path) {
    return "http://127.0.0.1:" + port + "/admin/v1" + path;
  }

  private static String location(HttpResponse<String> response) {
    return response.headers().firstValue("location").orElseThrow();
  }

  @Test
  void peopleHaveTheRolesOfTheirGroups() throws Exception {
    try (Browser ann = new Browser();
        Browser thief = new Browser();
        Browser bob = new Browser()) {
      HttpResponse<String> wrong = ann.authenticate("ann", "guess");
      assertThat(wrong.statusCode()).as(wrong.body()).isEqualTo(200);
      assertThat(ann.get(admin("/session")).statusCode()).isEqualTo(401);

      HttpResponse<String> right = ann.authenticate("ann", "ann-s-password");
      assertThat(right.statusCode()).as(right.body()).isEqualTo(302);
      String callback = location(right);
      assertThat(callback).startsWith(admin("/session/oidc/callback"));
      // The code of another browser is worth nothing.
      assertThat(thief.get(callback).statusCode()).isEqualTo(401);
      HttpResponse<String> done = ann.get(callback);
      assertThat(done.statusCode()).as(done.body()).isEqualTo(303);
      assertThat(location(done)).isEqualTo("/console/");
      JsonNode me = ann.session();
      assertThat(me.path("name").stringValue()).isEqualTo("Ann Example");
      HttpResponse<String> team = ann.makeTeam(me.path("csrf_token").stringValue());
      assertThat(team.statusCode()).as(team.body()).isEqualTo(200);
      // Nor is a code worth anything twice.
      assertThat(ann.get(callback).statusCode()).isEqualTo(401);

      HttpResponse<String> guest = bob.authenticate("bob", "bob-s-password");
      assertThat(guest.statusCode()).as(guest.body()).isEqualTo(302);
      HttpResponse<String> into = bob.get(location(guest));
      // None of his groups has a role.
      assertThat(into.statusCode()).as(into.body()).isEqualTo(403);
      assertThat(bob.get(admin("/session")).statusCode()).isEqualTo(401);
    }
    String log = Files.readString(folder.resolve("err"));
    assertThat(log).doesNotContain(SECRET, "ann-s-password", "Exception");
  }
}
