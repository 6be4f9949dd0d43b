package io.hadal.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.chat.Problem;
import io.hadal.formats.Json;
import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditExport;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.audit.AuditSchedule;
import io.hadal.platform.audit.AuditVerifier;
import io.hadal.platform.audit.Checkpoints;
import io.hadal.platform.audit.SigningKey;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.privacy.DataKeys;
import io.hadal.platform.privacy.Envelope;
import io.hadal.platform.privacy.MasterKey;
import io.hadal.platform.tenancy.Actor;
import io.hadal.server.http.Exchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Handlers of the audit log, of data keys and of redaction, called as the dispatcher does. */
class AuditEndpointsTest {
  private static final Actor ACTOR = new Actor("prn_1", "Ada", null, List.of(), "192.0.2.7");

  @TempDir private Path folder = Path.of("");
  private final Database database = TestDatabases.open(DatabaseKind.SQLITE);
  private final AuditLog log = new AuditLog(database, Clock.systemUTC());
  private AuditVerifier verifier;
  private DataKeys keys;
  private final Map<String, Endpoint> endpoints = new HashMap<>();

  @BeforeEach
  void open() {
    SigningKey key = SigningKey.open(folder.resolve("audit.key"));
    AuditVerifier checks = new AuditVerifier(List.of(key.publicKey()));
    Checkpoints checkpoints =
        new Checkpoints(database, key, folder.resolve("checkpoints.jsonl"), Clock.systemUTC());
    AuditSchedule schedule =
        new AuditSchedule(
            database, log, checkpoints, checks, List.of(), List.of(), Clock.systemUTC());
    AuditExport export = new AuditExport(database, key, Clock.systemUTC());
    DataKeys dataKeys =
        new DataKeys(
            database,
            MasterKey.open(folder.resolve("master.key")),
            List.of(),
            log,
            Clock.systemUTC());
    add(new AuditEndpoints(log, schedule, export, key.publicKey()));
    add(new PrivacyEndpoints(dataKeys));
    verifier = checks;
    keys = dataKeys;
  }

  @AfterEach
  void close() {
    database.close();
  }

  private void add(EndpointGroup group) {
    for (Endpoint endpoint : group.endpoints()) {
      endpoints.put(endpoint.method() + " " + endpoint.path(), endpoint);
    }
  }

  private @Nullable JsonNode call(
      String endpoint,
      Map<String, String> path,
      Map<String, String> query,
      JsonNode body,
      Exchange exchange)
      throws IOException {
    Endpoint found = Objects.requireNonNull(endpoints.get(endpoint), endpoint);
    return found.handler().handle(new AdminCall(ACTOR, path, query, body, exchange, "req_1"));
  }

  private JsonNode get(String path, Map<String, String> query) throws IOException {
    return Objects.requireNonNull(
        call("GET " + path, Map.of(), query, JsonNodeFactory.instance.objectNode(), new Sent()));
  }

  private void append(int number) {
    ObjectNode after = JsonNodeFactory.instance.objectNode();
    after.put("email", "p" + number + "@example.org").put("n", number);
    log.append(
        AuditEntry.of(ACTOR, "org_a", "thing.change", "thing:" + number, null, after, "req_0"));
  }

  @Test
  void searchesInPages() throws IOException {
    for (int i = 1; i <= 5; i++) {
      append(i);
    }
    JsonNode first = get("/audit/events", Map.of("org", "org_a", "limit", "2"));
    assertThat(first.get("data")).hasSize(2);
    JsonNode event = first.at("/data/0");
    assertThat(event.get("seq").intValue()).isEqualTo(5);
    assertThat(event.get("actor").stringValue()).isEqualTo("prn_1");
    assertThat(event.get("actor_name").stringValue()).isEqualTo("Ada");
    assertThat(event.get("actor_ip").stringValue()).isEqualTo("192.0.2.7");
    assertThat(event.at("/after/email").stringValue()).isEqualTo("p5@example.org");
    assertThat(event.get("ts").stringValue()).matches("20.*Z");
    assertThat(first.get("next").stringValue()).isEqualTo("4");
    JsonNode last = get("/audit/events", Map.of("org", "org_a", "limit", "4", "after", "4"));
    assertThat(last.get("data")).hasSize(3);
    assertThat(last.get("next").isNull()).isTrue();
    assertThat(get("/audit/events", Map.of()).get("data")).isEmpty();
    assertThat(get("/audit/events", Map.of("org", "org_a", "object", "thing:2")).get("data"))
        .hasSize(1);
    for (Map<String, String> bad :
        List.of(Map.of("limit", "501"), Map.of("limit", "x"), Map.of("from", "yesterday"))) {
      assertThatThrownBy(() -> get("/audit/events", bad)).isInstanceOf(Problem.class);
    }
    assertThat(get("/audit/chains", Map.of()).at("/data/0/chain").stringValue()).isEqualTo("org_a");
  }

  @Test
  void verifiesAndExports() throws IOException {
    append(1);
    Sent sent = new Sent();
    ObjectNode none = JsonNodeFactory.instance.objectNode();
    JsonNode report =
        Objects.requireNonNull(call("POST /audit/verify", Map.of(), Map.of(), none, sent));
    assertThat(report.get("ok").booleanValue()).isTrue();
    assertThat(report.get("events").intValue()).isEqualTo(1);
    assertThat(call("GET /audit/export", Map.of(), Map.of(), none, sent)).isNull();
    Path file = folder.resolve("export.jsonl");
    Files.write(file, sent.body.toByteArray());
    assertThat(verifier.file(file).faults()).isEmpty();
    // One event, the verification, and the export itself.
    assertThat(verifier.file(file).events()).isEqualTo(3);
    assertThat(get("/audit/public-key", Map.of()).get("pem").stringValue())
        .startsWith("-----BEGIN PUBLIC KEY-----");
  }

  @Test
  void dataKeysAreRotatedAndErased() throws IOException {
    byte[] sealed = new Envelope(keys).seal("org_a", "p", new byte[] {1, 2, 3});
    Map<String, String> path = Map.of("org", "org_a");
    ObjectNode none = JsonNodeFactory.instance.objectNode();
    call("POST /orgs/{org}/data-keys", path, Map.of(), none, new Sent());
    JsonNode list =
        Objects.requireNonNull(call("GET /orgs/{org}/data-keys", path, Map.of(), none, new Sent()));
    assertThat(list.get("data")).hasSize(2);
    assertThat(list.toString()).doesNotContain("wrapped");
    assertThat(new Envelope(keys).open("org_a", "p", sealed).bytes())
        .isEqualTo(new byte[] {1, 2, 3});
    assertThatThrownBy(() -> call("DELETE /orgs/{org}/data-keys", path, Map.of(), none, new Sent()))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("confirm");
    JsonNode erased =
        Objects.requireNonNull(
            call(
                "DELETE /orgs/{org}/data-keys",
                path,
                Map.of("confirm", "org_a"),
                none,
                new Sent()));
    assertThat(erased.get("erased").intValue()).isEqualTo(2);
    assertThatThrownBy(() -> new Envelope(keys).open("org_a", "p", sealed))
        .hasMessageContaining("erased");
  }

  private String trial(String body) throws IOException {
    Sent sent = new Sent();
    JsonNode json = Json.parse(body.getBytes(StandardCharsets.UTF_8), "test");
    assertThat(call("POST /redaction/trial", Map.of(), Map.of(), json, sent)).isNull();
    assertThat(sent.status).isEqualTo(200);
    return sent.body.toString(StandardCharsets.UTF_8);
  }

  @Test
  void redactionIsTried() throws IOException {
    assertThat(trial("{\"text\": \"mail ada@example.org\"}"))
        .isEqualTo("{\"text\":\"mail [EMAIL]\",\"blocked\":false,\"counts\":{\"EMAIL\":1}}");
    assertThat(trial("{\"text\": \"mail ada@example.org\", \"mode\": \"block\"}"))
        .contains("\"blocked\":true")
        .doesNotContain("ada@");
    assertThat(
            trial(
                """
                {"text": "Zeus has ABC-123", "mode": "pseudonymise", "detectors": [
                 {"kind": "TICKET", "pattern": "ABC-\\\\d+"}, {"kind": "NAME", "words": ["zeus"]}]}
                """))
        .contains("<NAME_1> has <TICKET_1>");
    for (String bad :
        List.of(
            "{}",
            "{\"text\": \"a\", \"mode\": \"none\"}",
            "{\"text\": \"a\", \"detectors\": [{\"kind\": \"A\"}]}",
            "{\"text\": \"a\", \"detectors\": [{\"kind\": \"a\", \"pattern\": \"a\"}]}",
            "{\"text\": \"a\", \"detectors\": [{\"kind\": \"A\", \"pattern\": \"(\"}]}",
            "{\"text\": \"a\", \"detectors\": [{\"kind\": \"A\", \"words\": [1]}]}")) {
      assertThatThrownBy(() -> trial(bad)).as(bad).isInstanceOf(Problem.class);
    }
  }

  /** An exchange that keeps what is sent. */
  private static final class Sent implements Exchange {
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private int status;

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
      return null;
    }

    @Override
    public String peer() {
      return "192.0.2.7";
    }

    @Override
    public byte @Nullable [] body(long limit) {
      return new byte[0];
    }

    @Override
    public void setHeader(String name, String value) {}

    @Override
    public void send(int status, String contentType, byte[] bytes) {
      this.status = status;
      body.writeBytes(bytes);
    }

    @Override
    public OutputStream stream(int status, String contentType) {
      this.status = status;
      return body;
    }

    @Override
    public boolean answered() {
      return status != 0;
    }

    @Override
    public void watch() {}

    @Override
    public boolean connected() {
      return true;
    }
  }
}
