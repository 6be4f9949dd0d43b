package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.prompt.PromptDialect;
import io.hadal.model.Model;
import io.hadal.platform.DataFolder;
import io.hadal.platform.Outage;
import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.budget.Budget;
import io.hadal.platform.budget.BudgetAction;
import io.hadal.platform.cluster.ConfigMark;
import io.hadal.platform.cluster.Member;
import io.hadal.platform.cluster.Nodes;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.KeyTerms;
import io.hadal.platform.lease.Window;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.Schedule;
import io.hadal.platform.money.UnitPrices;
import io.hadal.platform.node.Platform;
import io.hadal.platform.node.PlatformOptions;
import io.hadal.platform.probe.ProbeTarget;
import io.hadal.platform.probe.ProbedName;
import io.hadal.platform.registry.FileHashes;
import io.hadal.platform.registry.LocalManifest;
import io.hadal.platform.registry.Manifest;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.Split;
import io.hadal.platform.registry.WeightFile;
import io.hadal.platform.rollout.Guard;
import io.hadal.platform.rollout.Rollout;
import io.hadal.platform.rollout.RolloutPlan;
import io.hadal.platform.rollout.Rollouts;
import io.hadal.platform.tenancy.Scope;
import io.hadal.server.config.EngineConfig;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Two gateways and two engines over one PostgreSQL, in one process; {@code SeveralNodesTest} of the
 * CLI kills processes of their own.
 */
class NodesServerTest {
  @TempDir private static Path folder;

  private static final DatabaseOptions DATABASE = TestDatabases.fresh(DatabaseKind.POSTGRESQL);
  private static final List<Node> NODES = new ArrayList<>();
  private static final String MESSAGE = "'messages':[{'role':'user','content':'Hello there'}]";
  private static String project = "";

  /** A process but for the process. */
  private static final class Node implements AutoCloseable {
    final Platform platform;
    final TestServer server;
    private boolean closed;

    Node(String name, boolean engine) {
      this(name, engine ? "pool" : "tiny", engine, TestServer.MODEL);
    }

    Node(String name, String model, boolean engine, Path checkpoint) {
      Path shared = folder.resolve("gateway-1");
      boolean first = !Files.exists(shared);
      platform =
          Platform.open(
              new PlatformOptions(
                  new DataFolder(folder.resolve(name)),
                  DATABASE.url(),
                  DATABASE.user(),
                  DATABASE.password(),
                  name,
                  true,
                  1 << 26,
                  true,
                  PriceBook.Unpriced.FREE,
                  null,
                  null,
                  false,
                  first ? null : "file:" + shared.resolve("pepper"),
                  first ? null : "file:" + shared.resolve("master.key"),
                  first ? null : shared.resolve("audit.key"),
                  Outage.DEFAULT,
                  null,
                  Set.of(),
                  30),
              line -> {});
      server = TestServer.with(PlatformWiring.access(platform, false), model, checkpoint);
      NodeWiring.join(
          platform, server.server, engine ? new EngineConfig(null, 1, null) : null, server.url(""));
      NODES.add(this);
    }

    /** Ends in order. */
    @Override
    public void close() {
      if (!closed) {
        closed = true;
        server.close();
        platform.close();
      }
    }
  }

  @BeforeAll
  static void start() {
    Node first = new Node("gateway-1", false);
    new Node("gateway-2", false);
    new Node("engine-1", true);
    new Node("engine-2", true);
    project =
        first
            .platform
            .database()
            .read(h -> h.createQuery("SELECT id FROM project").mapTo(String.class).one());
    price("pool@2026-01-01", new UnitPrices(1_000_000, 100_000, 0, 5_000_000, 0, 0, 0, 0));
    price("maker/theirs", new UnitPrices(0, 0, 0, 0, 0, 0, 200_000_000_000L, 0));
    for (int i = 0; i < 2; i++) {
      Node gateway = NODES.get(i);
      await(() -> Objects.requireNonNull(gateway.platform.nodes()).members().size() == 4);
    }
  }

  @AfterAll
  static void stop() {
    NODES.forEach(Node::close);
  }

  private static void price(String version, UnitPrices prices) {
    NODES
        .getFirst()
        .platform
        .prices()
        .add(new Price(0, version, null, 0, null, prices, Schedule.NONE, "test", "test", 0));
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static KeyStore.Created key(Node on, String name) {
    return on.platform
        .keys()
        .create(
            project,
            null,
            false,
            new KeyTerms(
                name,
                Set.of(Scope.INFERENCE, Scope.MODELS_READ),
                List.of(),
                List.of(),
                "{}",
                null));
  }

  private static HttpResponse<String> chat(Node at, String key, String messages, int tokens) {
    return at.server.post(
        "/v1/chat/completions",
        "{'model':'pool','temperature':0,'max_tokens':"
            + tokens
            + ",'messages':["
            + messages
            + "]}",
        "authorization",
        "Bearer " + key);
  }

  private static @Nullable String upstream(HttpResponse<String> answer) {
    return answer.headers().firstValue("x-hadal-upstream").orElse(null);
  }

  /** The tiny model with a weight that is another one. */
  private static Path otherWeights() throws Exception {
    Path copy = Files.createDirectory(folder.resolve("other"));
    try (Stream<Path> files = Files.list(TestServer.MODEL)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path there = Files.copy(file, copy.resolve(String.valueOf(file.getFileName())));
        if (file.toString().endsWith(".safetensors")) {
          byte[] bytes = Files.readAllBytes(there);
          bytes[bytes.length - 4] ^= 1;
          Files.write(there, bytes);
        }
      }
    }
    return copy;
  }

  private static String version(Node on, Path checkpoint, String label) {
    Manifest manifest;
    try (Model model = Model.load(checkpoint)) {
      manifest =
          new LocalManifest(new FileHashes(on.platform.database()))
              .build(
                  checkpoint,
                  WeightFile.of(model.store()),
                  new LocalManifest.Run(
                      "flash",
                      PromptDialect.V4_1.name(),
                      JsonMapper.shared().createObjectNode(),
                      1024,
                      false,
                      "1",
                      "fast"),
                  n -> {});
    }
    Registry registry = on.platform.registry();
    return registry.activate(registry.draft(manifest, label, "test").id(), "test").id();
  }

  private static HttpResponse<String> ask(Node at, KeyStore.Created key, String model) {
    return at.server.post(
        "/v1/chat/completions",
        "{'model':'" + model + "','max_tokens':1,'messages':[{'role':'user','content':'Hi'}]}",
        "authorization",
        "Bearer " + key.text().reveal());
  }

  @Test
  void aVersionIsAnsweredByTheProcessThatHasItsWeights() throws Exception {
    Node gateway = NODES.getFirst();
    Registry registry = gateway.platform.registry();
    KeyStore.Created key = key(gateway, "versions");
    Path other = otherWeights();
    String here = version(gateway, TestServer.MODEL, "2026-01-01");
    String there = version(gateway, other, "2026-02-01");
    HttpResponse<String> answer = ask(gateway, key, "flash");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(upstream(answer)).isNull();
    // Nobody has those weights yet.
    answer = ask(gateway, key, there);
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body())
        .contains("model_not_running", there, "runs 'tiny'", "engine node", "point the name");
    HttpResponse<String> list =
        gateway.server.get("/v1/models", "authorization", "Bearer " + key.text().reveal());
    assertThat(list.body()).contains(here).doesNotContain(there);
    assertThat(
            gateway
                .server
                .get("/v1/models/" + there, "authorization", "Bearer " + key.text().reveal())
                .statusCode())
        .isEqualTo(503);
    assertThat(gateway.server.get("/readyz?verbose").body())
        .contains("\"here\":[\"" + here + "\"],\"nowhere\":[\"" + there + "\"]");
    ModelVersion absent = registry.version(there).orElseThrow();
    Function<String, ProbeTarget> at =
        name ->
            new ProbeTarget(
                gateway.server.url(""), key.text().reveal(), name, Duration.ofSeconds(20));
    assertThatThrownBy(() -> ProbedName.of(absent, registry, at))
        .hasMessageContaining("knows " + there + ", and does not run it");
    assertThat(ProbedName.of(registry.version(here).orElseThrow(), registry, at)).isEqualTo(here);
    ModelVersion draft = registry.draft(absent.manifest(), "2026-03-01", "test");
    assertThatThrownBy(() -> ProbedName.of(draft, registry, at))
        .hasMessageContaining("is " + here + " there, and not " + draft.id());
    registry.discard(draft.id());
    // An engine with them is found by the version, whatever it calls its model.
    try (Node engine = new Node("engine-3", "coder", true, other)) {
      await(() -> ask(gateway, key, there).statusCode() == 200);
      assertThat(upstream(ask(gateway, key, there))).isEqualTo("engine-3");
      assertThat(Nodes.offering(gateway.platform.database(), there, Clock.systemUTC()))
          .containsExactly("engine-3");
      await(
          () ->
              Nodes.offering(gateway.platform.database(), here, Clock.systemUTC())
                  .equals(List.of("engine-1", "engine-2")));
      assertThat(upstream(ask(gateway, key, here))).isNull();
      Rollouts rollouts = gateway.platform.rollouts();
      String rollout =
          rollouts
              .create(
                  new RolloutPlan(
                      "",
                      "flash",
                      there,
                      Rollout.Mode.CANARY,
                      100,
                      Split.Stickiness.SESSION,
                      Guard.DEFAULTS),
                  "test")
              .id();
      rollouts.start(rollout, "test");
      answer = ask(gateway, key, "flash");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(answer.headers().firstValue("x-hadal-model")).hasValue(there);
      assertThat(upstream(answer)).isEqualTo("engine-3");
      engine.close();
      await(() -> gateway.server.server.router().enginesOf(there).isEmpty());
      // Without it the baseline answers, until the rollout has seen enough.
      for (int i = 0; i < 12; i++) {
        answer = ask(gateway, key, "flash");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-hadal-model")).hasValue(here);
      }
      assertThat(rollouts.get(rollout).state()).isEqualTo(Rollout.State.ROLLED_BACK);
      assertThat(registry.history("", "flash").getFirst().target()).isEqualTo(here);
    }
  }

  @Test
  void inputsOfRoutedModelsAreCountedWhereTheyRun() {
    Node gateway = NODES.getFirst();
    KeyStore.Created key = key(gateway, "counts");
    for (String path : List.of("/v1/responses/input_tokens", "/v1/messages/count_tokens")) {
      String text = path.contains("responses") ? "'input':'Hello there'" : MESSAGE;
      HttpResponse<String> routed =
          gateway.server.post(
              path,
              "{'model':'pool'," + text + "}",
              "authorization",
              "Bearer " + key.text().reveal());
      assertThat(routed.statusCode()).as(routed.body()).isEqualTo(200);
      assertThat(upstream(routed)).startsWith("engine-");
      HttpResponse<String> here =
          gateway.server.post(
              path,
              "{'model':'tiny'," + text + "}",
              "authorization",
              "Bearer " + key.text().reveal());
      assertThat(TestServer.json(routed).path("input_tokens").asInt())
          .isPositive()
          .isEqualTo(TestServer.json(here).path("input_tokens").asInt());
    }
  }

  @Test
  void aBalanceHasWhatABudgetLeaves() {
    KeyStore.Created key = key(NODES.get(0), "balance");
    Platform other = NODES.get(1).platform;
    other
        .budgets()
        .create(
            new Budget(
                "bud_balance",
                null,
                LimitScope.KEY,
                key.key().id(),
                "b",
                Window.TOTAL,
                ZoneOffset.UTC,
                3_000_000_000L,
                List.of(),
                BudgetAction.BLOCK,
                null,
                false,
                0,
                "test"));
    // The gateway hears of it within a second.
    String[] shown = {"authorization", "Bearer " + key.text().reveal()};
    await(() -> NODES.get(0).server.get("/user/balance", shown).body().contains("\"3.00\""));
  }

  @Test
  void namesLeaveTheAuditLogWhenTheirDaysAreOver() {
    Platform platform = NODES.getFirst().platform;
    Clock before = Clock.offset(Clock.systemUTC(), Duration.ofDays(-31));
    new AuditLog(platform.database(), before)
        .append(new AuditEntry(null, "usr_1", "Ann", "10.0.0.1", "test", "o", null, null, null));
    long due = before.millis() + 86_400_000;
    await(
        () -> {
          // Another node may have begun its turn before.
          platform
              .database()
              .run(
                  h ->
                      h.execute("UPDATE audit_job SET next_at = 0 WHERE name = 'daily:retention'"));
          platform.auditSchedule().tick();
          return platform
              .database()
              .<Boolean>read(h -> platform.audit().personalValues(h, AuditLog.SYSTEM, due) == 0);
        });
  }

  @Test
  void sessionsStayWithTheirEngineAcrossGateways() throws Exception {
    KeyStore.Created key = key(NODES.get(0), "sessions");
    String text = key.text().reveal();
    String[] elsewhere = {"authorization", "Bearer " + text, "x-hadal-project", "elsewhere"};
    assertThat(NODES.get(0).server.get("/v1/models", elsewhere).body())
        .contains("project_not_allowed");
    Set<String> engines = new HashSet<>();
    int sessions = 0;
    // Where a session goes depends on the project's id, which is made anew each time.
    for (int session = 0; session < 4 || (engines.size() < 2 && session < 40); session++) {
      sessions++;
      String messages =
          "{'role':'user','content':'Session %d of several that all have their own words'}"
              .formatted(session);
      String home = null;
      for (int turn = 0; turn < 3; turn++) {
        HttpResponse<String> answer = chat(NODES.get((session + turn) % 2), text, messages, 3);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        JsonNode json = TestServer.json(answer);
        home = home == null ? upstream(answer) : home;
        assertThat(upstream(answer)).as("session %s, turn %s", session, turn).isEqualTo(home);
        if (turn > 0) {
          assertThat(json.at("/usage/prompt_tokens_details/cached_tokens").asLong())
              .as(answer.body())
              .isPositive();
        }
        messages += ",{'role':'assistant','content':'yes'},{'role':'user','content':'and now'}";
      }
      engines.add(String.valueOf(home));
    }
    assertThat(engines).containsExactlyInAnyOrder("engine-1", "engine-2");

    // Gateways count; engines do not. The price is that of the version, whoever computes.
    Node gateway = NODES.get(0);
    assertThat(gateway.platform.journal().flush(Duration.ofSeconds(20))).isTrue();
    assertThat(NODES.get(1).platform.journal().flush(Duration.ofSeconds(20))).isTrue();
    List<Map<String, Object>> events =
        gateway
            .platform
            .database()
            .read(
                h ->
                    h.createQuery(
                            "SELECT backend, model_version, cost_nano FROM usage_event"
                                + " WHERE key_id = :key")
                        .bind("key", key.key().id())
                        .mapToMap()
                        .list());
    assertThat(events).hasSize(3 * sessions);
    assertThat(events)
        .allMatch(e -> "pool@2026-01-01".equals(e.get("model_version")))
        .allMatch(e -> (long) Objects.requireNonNull(e.get("cost_nano")) > 0)
        .extracting(e -> e.get("backend"))
        .containsOnly("engine-1", "engine-2");

    // Who asks an engine without a gateway is counted there.
    HttpResponse<String> direct = chat(NODES.get(2), text, "{'role':'user','content':'Hi'}", 1);
    assertThat(direct.statusCode()).isEqualTo(200);
    assertThat(upstream(direct)).isNull();
    HttpResponse<String> forged =
        chat(NODES.get(2), "hadal-node.YQ.YQ", "{'role':'user','content':'Hi'}", 1);
    assertThat(forged.statusCode()).isEqualTo(401);
    JsonNode models =
        TestServer.json(gateway.server.get("/v1/models", "authorization", "Bearer " + text));
    assertThat(models.at("/data").findValuesAsString("id")).contains("pool", "tiny");
  }

  @Test
  void configurationsThatDifferAreSeen() {
    Node one = NODES.get(0);
    Node two = NODES.get(1);
    Nodes nodes = Objects.requireNonNull(one.platform.nodes());
    // Nobody has said anything yet; engines are compared with engines.
    assertThat(nodes.differing()).isEmpty();
    one.server.server.configured(new ConfigMark("aa", false));
    two.server.server.configured(new ConfigMark("bb", true));
    NODES.get(2).server.server.configured(new ConfigMark("cc", false));
    await(() -> !nodes.differing().isEmpty() && knows(nodes, "engine-1"));
    assertThat(nodes.differing()).extracting(Member::name).containsExactly("gateway-2");
    JsonNode ready = TestServer.json(one.server.get("/readyz?verbose"));
    assertThat(ready.at("/ready").asBoolean()).isTrue();
    assertThat(ready.at("/configuration/hash").asString()).isEqualTo("aa");
    assertThat(ready.at("/configuration/differs_on/0").asString()).isEqualTo("gateway-2");
    two.server.server.configured(new ConfigMark("aa", false));
    await(() -> nodes.differing().isEmpty());
  }

  private static boolean knows(Nodes nodes, String name) {
    return nodes.members().stream().anyMatch(m -> m.name().equals(name) && m.config() != null);
  }

  @Test
  void aKeyIsRefusedEverywhereSoonAfterItsEnd() {
    Node one = NODES.get(0);
    Node two = NODES.get(1);
    KeyStore.Created key = key(one, "revoked");
    String text = key.text().reveal();
    assertThat(chat(two, text, "{'role':'user','content':'Hi'}", 1).statusCode()).isEqualTo(200);
    two.platform.keys().revoke(key.key().id());
    long revoked = System.nanoTime();
    await(() -> chat(one, text, "{'role':'user','content':'Hi'}", 1).statusCode() == 401);
    assertThat(Duration.ofNanos(System.nanoTime() - revoked)).isLessThan(Duration.ofSeconds(2));
  }

  @Test
  void aBudgetHoldsOverGateways() throws Exception {
    KeyStore.Created key = key(NODES.get(0), "budget");
    long limit = 1_000_000;
    NODES
        .get(0)
        .platform
        .budgets()
        .create(
            new Budget(
                "bud_nodes",
                null,
                LimitScope.KEY,
                key.key().id(),
                "small",
                Window.TOTAL,
                ZoneOffset.UTC,
                limit,
                List.of(),
                BudgetAction.BLOCK,
                null,
                false,
                0,
                "test"));
    NODES.get(1).platform.budgets().reload();
    List<Future<Integer>> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (int i = 0; i < 40; i++) {
        Node gateway = NODES.get(i % 2);
        answers.add(
            threads.submit(
                () ->
                    chat(
                            gateway,
                            key.text().reveal(),
                            "{'role':'user','content':'Count to ten'}",
                            10)
                        .statusCode()));
      }
    }
    int paid = 0;
    int refused = 0;
    for (Future<Integer> answer : answers) {
      assertThat(answer.get()).isIn(200, 402, 503);
      paid += answer.get() == 200 ? 1 : 0;
      refused += answer.get() == 402 ? 1 : 0;
    }
    assertThat(paid).isPositive();
    assertThat(refused).isPositive();
    for (int i = 0; i < 2; i++) {
      assertThat(NODES.get(i).platform.journal().flush(Duration.ofSeconds(20))).isTrue();
    }
    long cost =
        NODES
            .get(0)
            .platform
            .database()
            .read(
                h ->
                    h.createQuery("SELECT sum(cost_nano) FROM usage_event WHERE key_id = :key")
                        .bind("key", key.key().id())
                        .mapTo(Long.class)
                        .one());
    assertThat(cost).isBetween(1L, limit);
  }

  private static List<String> videoEvents(Platform platform) {
    return platform
        .database()
        .read(
            h ->
                h.createQuery(
                        "SELECT attempt || ' ' || outcome || ' ' || seconds || ' ' || cost_nano"
                            + " FROM usage_event WHERE operation = 'video' ORDER BY attempt")
                    .mapTo(String.class)
                    .list());
  }

  @Test
  void aVideoIsPaidOnceByWhomeverSeesItsEnd() throws Exception {
    String text = key(NODES.get(0), "video").text().reveal();
    try (ScriptedUpstream maker = new ScriptedUpstream()) {
      maker.then(
          ScriptedUpstream.answer(
              200, "{\"id\":\"v1\",\"object\":\"video\",\"status\":\"queued\",\"seconds\":\"8\"}"),
          ScriptedUpstream.answer(
              200, "{\"id\":\"v1\",\"status\":\"completed\",\"seconds\":\"8\"}"));
      Path config =
          Files.writeString(
              folder.resolve("video.yaml"),
              "upstreams:\n"
                  + Gateway.upstream(
                      "maker", maker.port(), "speaks: [videos], prices: {second: 0.1}"));
      Node begins = new Node("gateway-3", false);
      begins.server.server.routing(ServeConfig.read(config).routing());
      NODES.get(1).server.server.routing(ServeConfig.read(config).routing());
      HttpResponse<String> made =
          begins.server.post(
              "/v1/videos",
              "{'model':'m','prompt':'a cat','seconds':'8'}",
              "authorization",
              "Bearer " + text);
      assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
      String id = TestServer.json(made).at("/id").asString();
      begins.close();

      // Another gateway knows it, and books it.
      HttpResponse<String> poll =
          NODES.get(1).server.get("/v1/videos/" + id, "authorization", "Bearer " + text);
      assertThat(TestServer.json(poll).at("/status").asString()).isEqualTo("completed");
      HttpResponse<String> list =
          NODES.get(0).server.get("/v1/videos", "authorization", "Bearer " + text);
      assertThat(TestServer.json(list).at("/data/0/id").asString()).isEqualTo(id);
      Platform platform = NODES.get(1).platform;
      await(() -> platform.mediaJobs().open(10).isEmpty());
      // Whichever node was first; its journal is on the way.
      await(() -> videoEvents(platform).size() == 2);
      assertThat(videoEvents(platform))
          .containsExactly("1 DRAINED 0 0", "2 COMPLETED 8 1600000000");
      assertThat(new LedgerVerifier(platform.database()).verify().ok()).isTrue();
    }
    Node gateway = NODES.get(0);
    assertThat(Objects.requireNonNull(gateway.platform.nodes()).members())
        .extracting(Member::name)
        .doesNotContain("gateway-3");
  }
}
