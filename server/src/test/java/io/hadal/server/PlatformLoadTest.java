package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.DataFolder;
import io.hadal.platform.Ids;
import io.hadal.platform.Outage;
import io.hadal.platform.SecretText;
import io.hadal.platform.audit.AuditQuery;
import io.hadal.platform.budget.Budget;
import io.hadal.platform.budget.BudgetAction;
import io.hadal.platform.lease.Window;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.limits.Dimension;
import io.hadal.platform.limits.Limit;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.money.PriceBook.Unpriced;
import io.hadal.platform.node.PlatformOptions;
import io.hadal.platform.reports.Attainment;
import io.hadal.platform.reports.ExportFormat;
import io.hadal.platform.reports.ExportPlan;
import io.hadal.server.LoadWorld.Recorded;
import io.hadal.server.LoadWorld.Running;
import io.hadal.server.LoadWorld.Tenant;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Tenants of a platform under load (platform specification, section 6, tests 3 and 6 to 10). With
 * {@code -Dhadal.soak=true} for as long as it says there, times {@code -Dhadal.soak.scale}.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PlatformLoadTest {
  static final boolean SOAK = Boolean.getBoolean("hadal.soak");

  private static final double SCALE =
      Double.parseDouble(System.getProperty("hadal.soak.scale", "1"));

  /** Looks at the heap, of which the least counts. */
  static final int LOOKS = SOAK ? 8 : 1;

  private static final int PLACES = 4;
  private static final int WAITING = 480;
  private static final int WAITING_PER_TENANT = 120;
  private static final int GREEDY = SOAK ? 100 : 60;
  private static final int POLITE = 9;

  /**
   * Requests of a polite tenant at a time. Whoever has none waiting while its records are written
   * gives its turn away, and a disk that is busy takes a tenth of a second for that.
   */
  private static final int MODEST = SOAK ? 6 : 3;

  @TempDir private static Path folder;

  private static LoadWorld world;

  /** Requests per second that the machine was found to serve. */
  private static double capacity = 40;

  @BeforeAll
  static void start() throws Exception {
    world = new LoadWorld(options(), PLACES, WAITING, WAITING_PER_TENANT);
    // Kernels are compiled, and what is needed once is there.
    during(world.tenant("first"), 6, 8, SOAK ? 10 : 0.5);
  }

  private static PlatformOptions options() {
    return new PlatformOptions(
        new DataFolder(folder.resolve("data")),
        null,
        null,
        null,
        "n1",
        false,
        1L << 30,
        true,
        Unpriced.FREE,
        null,
        null,
        false,
        null,
        null,
        null,
        Outage.DEFAULT,
        new ExportPlan(folder.resolve("export"), ExportFormat.CSV, Duration.ofMillis(400)),
        Set.of("prj_none"),
        0);
  }

  /** Or those that a failed test left would load the next. */
  @AfterEach
  void stopClients() {
    world.stopAll();
  }

  @AfterAll
  static void stop() {
    world.close();
  }

  /** How long a test goes on: so many seconds, or minutes of a soak. */
  static double seconds(double brief, double soakMinutes) {
    return SOAK ? soakMinutes * 60 * SCALE : brief;
  }

  static void sleep(double seconds) throws InterruptedException {
    Thread.sleep(Math.round(seconds * 1000));
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TestServer.PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
  }

  private static LoadFigures during(Tenant tenant, int clients, int tokens, double seconds)
      throws InterruptedException {
    LoadFigures figures = new LoadFigures();
    Running running = world.running();
    world.closed(tenant, clients, tokens, figures, running);
    sleep(seconds);
    running.stop();
    return figures;
  }

  static void report(String what, Object figures) {
    if (SOAK) {
      System.out.println(what + ": " + figures);
    }
  }

  /** What is reachable has not grown by more than 5 %. */
  static void flat(LiveHeap before, LiveHeap after) {
    assertThat((double) after.bytes()).as(after.since(before)).isLessThan(1.05 * before.bytes());
  }

  /** Without requests and connections: of those there are as many as once had to wait at a time. */
  private static LiveHeap heapAtRest() throws InterruptedException {
    world.reconnect();
    return LiveHeap.now(LOOKS);
  }

  private static void complete(LoadFigures figures) {
    assertThat(figures.faults).isEmpty();
    assertThat(figures.answered.get()).as(figures.toString()).isPositive();
  }

  /** The ledger has each answer once, as clients have seen it. */
  static void accounted(LoadWorld in, Tenant tenant, LoadFigures figures) throws Exception {
    Recorded recorded = in.recorded(tenant);
    assertThat(recorded.requests()).isEqualTo(recorded.events());
    assertThat(recorded.answered()).isEqualTo(figures.answered.get());
    assertThat(recorded.tokens()).isEqualTo(figures.tokens.get());
  }

  @Test
  @Order(1)
  void oneGreedyTenantLeavesNineOthersTheirShare() throws Exception {
    List<Tenant> polite = new ArrayList<>();
    List<LoadFigures> theirs = new ArrayList<>();
    for (int i = 0; i < POLITE; i++) {
      polite.add(world.tenant("polite" + i));
      theirs.add(new LoadFigures());
    }
    Tenant greedy = world.tenant("greedy");
    LoadFigures its = new LoadFigures();
    Running running = world.running();
    long start = System.nanoTime();
    world.closed(greedy, GREEDY, 8, its, running);
    for (int i = 0; i < POLITE; i++) {
      world.closed(polite.get(i), MODEST, 8, theirs.get(i), running);
    }
    sleep(seconds(0, 5));
    // A slow machine needs longer for as many answers.
    await(() -> its.answered.get() >= 50);
    // What is on its way would count most for the one that has most of it.
    long greedyTokens = its.tokens.get();
    long[] politeTokens = theirs.stream().mapToLong(one -> one.tokens.get()).toArray();
    double passed = (System.nanoTime() - start) / 1e9;
    running.stop();
    report("fairness: greedy", its);
    for (LoadFigures one : theirs) {
      report("fairness: polite", one);
      complete(one);
    }
    assertThat(its.faults).isEmpty();
    double share = (greedyTokens + Arrays.stream(politeTokens).sum()) / (POLITE + 1.0);
    report(
        "fairness: parts of a share",
        greedyTokens / share
            + " and "
            + Arrays.stream(politeTokens).mapToObj(t -> "%.2f".formatted(t / share)).toList());
    for (long tokens : politeTokens) {
      // A short time has few answers, and whole ones count.
      assertThat(tokens / share).isGreaterThanOrEqualTo(SOAK ? 0.9 : 0.6);
    }
    // The requests of every tenant at a time, once, at the rate of this machine.
    double round = MODEST * (POLITE + 1) * 8 * passed / (share * (POLITE + 1));
    Histogram all = new Histogram(3);
    for (LoadFigures one : theirs) {
      if (SOAK) {
        assertThat(one.refused.get()).isZero();
        assertThat(one.first(95)).isLessThan(2 * round);
      }
      all.add(one.first);
    }
    // Without shares all wait equally long; with them the greedy one waits behind itself.
    assertThat(all.getValueAtPercentile(95) / 1e6).isLessThan(its.first(50) / 2);
    for (int i = 0; i < POLITE; i++) {
      accounted(world, polite.get(i), theirs.get(i));
    }
  }

  @Test
  @Order(2)
  void threeTimesTheCapacityLeavesThoseWhoAreAdmittedTheirTimes() throws Exception {
    Tenant tenant = world.tenant("measured");
    double time = SOAK ? 10 : 0.7;
    // More clients than places: the time that records take to be written is no capacity.
    // What else the machine does makes a short time too short, never too long.
    capacity = 0;
    for (int round = 0; round < (SOAK ? 1 : 2); round++) {
      LoadFigures alone = during(tenant, 4 * PLACES, 8, time);
      capacity = Math.max(capacity, alone.answered.get() / time);
    }
    report("overload: capacity, requests/s", capacity);
    // An eighth of the queue is as much as can be served in that time, so the promise refuses.
    double promised = Math.max(SOAK ? 0.25 : 0, WAITING / (8 * capacity));
    String version = world.promise(Math.round(1000 * promised));
    List<Tenant> tenants = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      tenants.add(world.tenant("many" + i));
    }
    LiveHeap heap = heapAtRest();
    LoadFigures figures = new LoadFigures();
    Running running = world.running();
    for (Tenant one : tenants) {
      world.open(one, 3 * capacity / 5, 8, figures, running);
    }
    double lasting = seconds(1, 10);
    sleep(lasting / 4);
    int threads = LoadWorld.platformThreads();
    sleep(lasting * 3 / 4);
    int threadsThen = LoadWorld.platformThreads();
    running.stop();
    LiveHeap heapThen = heapAtRest();
    report("overload", figures);
    report(
        "overload: heap and threads",
        "%d to %d bytes, %d to %d threads, first token promised in %.3f s"
            .formatted(heap.bytes(), heapThen.bytes(), threads, threadsThen, promised));
    long recorded = 0;
    for (Tenant one : tenants) {
      recorded += world.recorded(one).answered();
    }
    Attainment kept = world.kept(version);
    report("overload: as the server saw it", kept);
    report("overload: grown", heapThen.since(heap));
    complete(figures);
    assertThat(recorded).isEqualTo(figures.answered.get());
    assertThat(figures.refused.get()).isGreaterThan(figures.answered.get() / 2);
    // The clients take their part of the same processors, of which a second shows little.
    assertThat(figures.first(95)).isLessThan(SOAK ? promised : 2 * promised + 5);
    assertThat(threadsThen).isLessThanOrEqualTo(threads + 3);
    if (SOAK) {
      flat(heap, heapThen);
    }
    assertThat(kept.firstTokens()).isEqualTo(recorded);
    if (SOAK) {
      assertThat(kept.firstTokensInTime()).isGreaterThan(recorded * 95 / 100);
    }
    world.promise(Duration.ofHours(1).toMillis());
  }

  private static Limit limit(Tenant tenant, Dimension dimension, long amount, long burst) {
    return new Limit(
        Ids.next("lim_"),
        tenant.org(),
        LimitScope.PROJECT,
        tenant.project(),
        null,
        dimension,
        amount,
        burst,
        0,
        world.platform.clock().millis(),
        "test");
  }

  @Test
  @Order(3)
  void whatPassesALimitIsWhatItSays() throws Exception {
    Tenant tenant = world.tenant("limited");
    // Less than the engine can serve: else that is measured.
    long perMinute = Math.clamp(Math.round(30 * capacity), 60, 1200);
    long burst = 5;
    world.platform.limits().create(limit(tenant, Dimension.RPM, perMinute, burst));
    LoadFigures figures = new LoadFigures();
    Running running = world.running();
    double seconds = seconds(1.2, 1);
    long start = System.nanoTime();
    world.open(tenant, 2.5 * perMinute / 60.0, 1, figures, running);
    sleep(seconds);
    double passed = (System.nanoTime() - start) / 1e9;
    running.stop();
    double most = burst + passed * perMinute / 60;
    report(
        "limit",
        "%d admitted of %.1f allowed, %s".formatted(figures.answered.get(), most, figures));
    complete(figures);
    assertThat(figures.refused.get()).isPositive();
    assertThat((double) figures.answered.get()).isLessThanOrEqualTo(most + 1);
    // At the end nothing may come for some milliseconds; of a second that is much.
    assertThat((double) figures.answered.get()).isGreaterThan(SOAK ? 0.98 * most : 0.6 * most - 2);
    accounted(world, tenant, figures);

    Tenant few = world.tenant("few", "{\"concurrency\":2}");
    world.platform.limits().reload();
    LoadFigures theirs = during(few, 8, 4, SOAK ? 10 : 0.3);
    report("concurrency", theirs);
    complete(theirs);
    assertThat(theirs.refused.get()).isPositive();
    accounted(world, few, theirs);
  }

  private static Budget budget(Tenant tenant, LoadWorld in, long limit) {
    return new Budget(
        Ids.next("bud_"),
        tenant.org(),
        LimitScope.PROJECT,
        tenant.project(),
        "small",
        Window.TOTAL,
        ZoneOffset.UTC,
        limit,
        List.of(),
        BudgetAction.BLOCK,
        null,
        false,
        in.platform.clock().millis(),
        "test");
  }

  @Test
  @Order(4)
  void aLockedDatabaseStopsNobodyAndLosesNothing() throws Exception {
    Tenant free = world.tenant("free");
    Tenant bounded = world.tenant("bounded");
    double lasting = seconds(1.2, 10);
    // A request costs some 30 000 nano-USD. In the long form only what is leased can be spent while
    // the database is away, and the rest behind that.
    long limit = SOAK ? 60_000_000 : 200_000;
    world.platform.budgets().create(budget(bounded, world, limit));
    LoadFigures theirs = new LoadFigures();
    LoadFigures its = new LoadFigures();
    Running running = world.running();
    world.closed(free, 3, 4, theirs, running);
    world.closed(bounded, 2, 4, its, running);
    if (!SOAK) {
      // The first one to find the lock waits for seconds.
      await(() -> its.unpaid.get() > 0);
    }
    String file = "jdbc:sqlite:" + folder.resolve("data").resolve("hadal.db").toAbsolutePath();
    try (Connection other = DriverManager.getConnection(file);
        Statement statement = other.createStatement()) {
      statement.execute("BEGIN EXCLUSIVE");
      sleep(lasting / 4);
      long before = theirs.answered.get();
      LiveHeap heap = LiveHeap.now(LOOKS);
      sleep(lasting * 3 / 4);
      await(() -> its.unpaid.get() + its.refused.get() > 0 && theirs.answered.get() > before + 5);
      LiveHeap heapThen = LiveHeap.now(LOOKS);
      report(
          "locked: heap, journal",
          "%d to %d bytes, %d bytes, lag %d ms"
              .formatted(
                  heap.bytes(),
                  heapThen.bytes(),
                  world.platform.journal().bytes(),
                  world.platform.journal().lagMillis()));
      if (SOAK) {
        flat(heap, heapThen);
      }
      statement.execute("ROLLBACK");
    }
    sleep(0.2);
    await(() -> its.unpaid.get() > 0);
    running.stop();
    report("locked: without a budget", theirs);
    report("locked: with a budget", its);
    complete(theirs);
    complete(its);
    assertThat(theirs.refused.get()).isZero();
    assertThat(its.unpaid.get()).isPositive();
    accounted(world, free, theirs);
    accounted(world, bounded, its);
    assertThat(world.recorded(bounded).cost()).isLessThanOrEqualTo(limit);
    assertThat(new LedgerVerifier(world.platform.database()).verify().ok()).isTrue();
  }

  private static long reloads() {
    AuditQuery query =
        new AuditQuery(
            "system", null, "config.reload", null, 0, Long.MAX_VALUE, Long.MAX_VALUE, 1000);
    return world.platform.audit().search(query).size();
  }

  @Test
  @Order(5)
  void settingsChangeUnderLoad() throws Exception {
    Path file = Files.writeString(folder.resolve("serve.yaml"), settings(100));
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    Tenant tenant = world.tenant("reloading");
    LoadFigures figures = new LoadFigures();
    Running running = world.running();
    int changes = 0;
    try (ConfigReload reload =
        new ConfigReload(
            file,
            null,
            true,
            ServeConfig.read(file),
            world.server.server,
            lines::add,
            PlatformWiring.reloads(world.platform))) {
      world.closed(tenant, 6, 8, figures, running);
      long end = System.nanoTime() + Math.round(seconds(0.6, 2) * 1e9);
      while (System.nanoTime() < end && changes < 400) {
        boolean broken = changes % 3 == 2;
        Files.writeString(file, broken ? "limits: {runing: 1}\n" : settings(50 + changes));
        reload.reload();
        changes++;
        assertThat(lines.getLast()).contains(broken ? "what held before goes on: " : "reloaded: ");
        // What was refused has left what held before.
        int held = 50 + changes - (broken ? 2 : 1);
        assertThat(world.server.server.limits().keepAlive()).hasSeconds(held);
        Thread.sleep(SOAK ? 300 : 50);
      }
      running.stop();
    }
    report("reload", changes + " changes, " + figures);
    complete(figures);
    assertThat(figures.refused.get()).isZero();
    // The file is looked at all the time, too: what that applied is among the lines.
    assertThat(lines).hasSizeGreaterThanOrEqualTo(changes);
    assertThat(reloads()).isEqualTo(lines.size());
    accounted(world, tenant, figures);
  }

  private static String settings(int keepAlive) {
    return "limits: {keep_alive_seconds: %d, running: %d, waiting: %d}\nlog: {access: false}\n"
        .formatted(keepAlive, PLACES, WAITING);
  }

  @Test
  @Order(8)
  void figuresAndReadinessAreTold() throws Exception {
    Tenant tenant = world.tenant("told", "{\"budget_usd\":\"1\"}");
    world.platform.budgets().reload();
    complete(during(tenant, 1, 2, 0.05));
    // A reload before has taken the token of the configuration file: none.
    world.server.server.metricsToken(new SecretText(TestServer.FIGURES));
    assertThat(world.server.figures())
        .contains(
            "llm_requests_total{dialect=\"openai\",model=\"tiny\",operation=\"chat\",outcome=\"ok\",project=\"other\"}",
            "llm_request_duration_seconds_bucket{",
            "llm_time_to_first_token_seconds_bucket{",
            "llm_time_per_output_token_seconds_bucket{",
            "llm_queue_wait_seconds_bucket{class=\"interactive\"",
            "llm_tokens_total{kind=\"input_uncached\"",
            "llm_tokens_total{kind=\"cache_read\"",
            "llm_tokens_total{kind=\"cache_write\"",
            "llm_tokens_total{kind=\"output\"",
            "llm_tokens_total{kind=\"reasoning\"",
            "llm_cost_nanousd_total{",
            "llm_active_requests ",
            "llm_queue_depth{class=\"agent\"",
            "llm_kv_blocks{model=\"tiny\",state=\"used\"}",
            "llm_kv_blocks{model=\"tiny\",state=\"free\"}",
            "llm_batch_size{",
            "llm_prefix_cache_hit_ratio{",
            "llm_headroom_ratio{",
            "llm_budget_remaining_ratio{scope=\"key\"} 0.9",
            "llm_budget_remaining_ratio{scope=\"org\"} NaN",
            "llm_ledger_journal_bytes ",
            "llm_ledger_lag_seconds ",
            "llm_tool_parse_failures_total{",
            "llm_reasoning_missing_total{",
            "jvm_memory_used_bytes{")
        .doesNotContain(tenant.project());
    assertThat(world.server.get("/readyz").body()).isEqualTo("ready\n");
    JsonNode details = TestServer.json(world.server.get("/readyz?verbose"));
    assertThat(details.at("/ready").asBoolean()).isTrue();
    assertThat(details.at("/database").asString()).isEqualTo("answers");
    assertThat(details.at("/journal/open_attempts").asInt()).isZero();
    assertThat(details.at("/headroom").isNumber()).isTrue();
    // Behind a proxy everybody comes from here.
    assertThat(world.server.get("/readyz?verbose", "x-forwarded-for", "192.0.2.1").body())
        .isEqualTo("ready\n");
    String[] both = {"x-forwarded-for", "192.0.2.1", "authorization", "Bearer " + tenant.key()};
    assertThat(world.server.get("/readyz?verbose", both).body()).contains("lag_ms");
  }

  /** The last one: the server takes nothing behind it. */
  @Test
  @Order(9)
  void whoIsAnsweredWhenTheServerGoesDownIsAnsweredToTheEnd() throws Exception {
    Tenant tenant = world.tenant("draining");
    LoadFigures figures = new LoadFigures();
    Running running = world.running();
    world.closed(tenant, 20, SOAK ? 400 : 60, figures, running);
    sleep(SOAK ? 10 : 0.4);
    long start = System.nanoTime();
    boolean drained = world.server.server.drain(Duration.ofSeconds(60));
    double took = (System.nanoTime() - start) / 1e9;
    running.stop();
    report("drain", "%.2f s, %s".formatted(took, figures));
    assertThat(drained).isTrue();
    complete(figures);
    assertThat(figures.ended.get() + figures.refused.get()).isPositive();
    accounted(world, tenant, figures);
    assertThat(new LedgerVerifier(world.platform.database()).verify().ok()).isTrue();
    assertThat(held()).isZero();
    await(() -> exported() == events());
  }

  private static long events() {
    return world
        .platform
        .database()
        .<Long>read(h -> h.createQuery("SELECT count(*) FROM usage_event").mapTo(Long.class).one());
  }

  /** Lines of all files that were exported by themselves. */
  private static long exported() {
    long lines = 0;
    try (Stream<Path> files = Files.list(folder.resolve("export"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".csv")).toList()) {
        lines += Files.readAllLines(file).size() - 1;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines;
  }

  private static long held() {
    return world
        .platform
        .database()
        .<Long>read(
            h ->
                h.createQuery(
                        "SELECT coalesce(sum(abs(balance_nano)), 0) FROM ledger_balance"
                            + " WHERE account_id LIKE 'project/%/held'")
                    .mapTo(Long.class)
                    .one());
  }
}
