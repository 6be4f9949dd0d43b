package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.db.TestDatabases;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Three gateways and two engines over one PostgreSQL, each a process, of which two are killed. Run
 * with {@code -Dtest=SeveralNodesTest -Dhadal.slow=true}; it prints what it measures. {@code
 * NodesServerTest} of the server is its short form.
 */
@EnabledIfSystemProperty(named = "hadal.slow", matches = "true")
class SeveralNodesTest {
  private static final int GATEWAYS = 3;
  private static final String HI = "{'role':'user','content':'Hi'}";

  @TempDir private Path folder = Path.of("");

  private final List<NodeProcess> gateways = new ArrayList<>();
  private final List<NodeProcess> engines = new ArrayList<>();
  private String cookie = "";
  private String csrf = "";
  private String project = "";

  private static int port() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private HttpResponse<String> ask(NodeProcess at, String method, String path, String body)
      throws Exception {
    HttpRequest.Builder request =
        at.request("/admin/v1" + path).header("cookie", cookie).header("x-csrf-token", csrf);
    return at.send(
        request
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private JsonNode admin(NodeProcess at, String method, String path, String body) throws Exception {
    HttpResponse<String> answer = ask(at, method, path, body);
    assertThat(answer.statusCode()).as(path + ": " + answer.body()).isBetween(200, 299);
    return NodeProcess.json(answer);
  }

  private record Key(String id, String text) {}

  private Key key(NodeProcess at, String name) throws Exception {
    JsonNode made =
        admin(at, "POST", "/keys", "{\"name\":\"" + name + "\",\"project\":\"" + project + "\"}");
    return new Key(made.at("/id").asString(), made.at("/text").asString());
  }

  private void signIn(NodeProcess at, String password) throws Exception {
    HttpResponse<String> in =
        at.send(
            at.request("/admin/v1/session")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"name\":\"administrator\",\"password\":\"" + password + "\"}"))
                .build());
    assertThat(in.statusCode()).as(in.body()).isEqualTo(200);
    cookie = in.headers().firstValue("set-cookie").orElseThrow().replaceFirst(";.*", "");
    csrf = NodeProcess.json(in).at("/csrf_token").asString();
  }

  private static void await(Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.call()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      Thread.sleep(20);
    }
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static void say(String format, Object... values) {
    System.out.printf("several nodes: " + format + "%n", values);
  }

  @Test
  void threeGatewaysAndTwoEngines() throws Exception {
    DatabaseOptions database = TestDatabases.fresh(DatabaseKind.POSTGRESQL);
    Path keys = Files.createDirectory(folder.resolve("keys"));
    Files.writeString(
        folder.resolve("serve.yaml"),
        """
        platform:
          enabled: true
          shared: true
          database: {url: '%s', user: %s}
          pepper: 'file:%s'
          master_key: 'file:%s'
          audit_key: '%s'
        """
            .formatted(
                database.url(),
                database.user(),
                keys.resolve("pepper"),
                keys.resolve("master.key"),
                keys.resolve("audit.key")));
    Files.writeString(keys.resolve("master.key"), "07".repeat(32));
    try {
      for (int i = 0; i < GATEWAYS; i++) {
        gateways.add(new NodeProcess(folder, "gateway-" + i, "--port", "0"));
      }
      Path pool = Files.createDirectory(folder.resolve("pool"));
      Files.writeString(
          pool.resolve("serve.yaml"),
          Files.readString(folder.resolve("serve.yaml")) + "model: {name: pool}\n");
      for (int i = 0; i < 2; i++) {
        int port = port();
        engines.add(
            new NodeProcess(
                pool,
                "engine-" + i,
                "--port",
                Integer.toString(port),
                "--engine",
                "http://127.0.0.1:" + port));
      }
      Matcher password =
          Pattern.compile("the password (\\S+),").matcher(Files.readString(gateways.get(0).err));
      assertThat(password.find()).isTrue();
      signIn(gateways.get(0), password.group(1));
      project = admin(gateways.get(0), "GET", "/projects", "").at("/data/0/id").asString();
      for (NodeProcess gateway : gateways) {
        await(() -> admin(gateway, "GET", "/nodes", "").at("/data").size() == 5);
      }
      price();
      sessions();
      revocation();
      budget(database);
      rate();
      killEngine();
      killGateway(database);
    } finally {
      gateways.forEach(NodeProcess::close);
      engines.forEach(NodeProcess::close);
    }
    for (NodeProcess node : gateways) {
      assertThat(Files.readString(node.err)).doesNotContain("\tat ");
    }
  }

  private void price() throws Exception {
    String version = "";
    for (JsonNode node : admin(gateways.get(1), "GET", "/nodes", "").at("/data")) {
      if (node.path("role").asString().equals("engine")) {
        version = node.path("version").asString();
      }
    }
    admin(
        gateways.get(1),
        "POST",
        "/prices",
        """
        {"version": "%s", "source": "test",
         "prices": {"input": 1000000, "cache_read": 100000, "cache_write": 1000000,
                    "output": 5000000, "reasoning": 5000000}}
        """
            .formatted(version));
  }

  /** Upstreams of the turns of one session, which goes from gateway to gateway. */
  private List<String> session(Key key, int session, int turns, long[] cached) throws Exception {
    List<String> upstreams = new ArrayList<>();
    String messages =
        "{'role':'user','content':'Session %d: int value%d = %d; // what is this?'}"
            .formatted(session, session, session);
    for (int turn = 0; turn < turns; turn++) {
      NodeProcess gateway = gateways.get((session + turn) % gateways.size());
      HttpResponse<String> answer = gateway.send(gateway.chat(key.text, messages, 3, false));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      upstreams.add(answer.headers().firstValue("x-hadal-upstream").orElse("none"));
      JsonNode usage = NodeProcess.json(answer).at("/usage");
      if (turn > 0) {
        cached[0] += usage.at("/prompt_tokens_details/cached_tokens").asLong();
        cached[1] += usage.at("/prompt_tokens").asLong();
        cached[2] += usage.at("/prompt_tokens_details/cached_tokens").asLong() > 0 ? 1 : 0;
      }
      messages += ",{'role':'assistant','content':'a'},{'role':'user','content':'go on'}";
    }
    return upstreams;
  }

  private void sessions() throws Exception {
    Key key = key(gateways.get(0), "sessions");
    long[] cached = new long[3];
    int together = 0;
    int turns = 3;
    Map<Integer, String> homes = new HashMap<>();
    for (int session = 0; session < 20; session++) {
      List<String> upstreams = session(key, session, turns, cached);
      homes.put(session, upstreams.getFirst());
      together += (int) upstreams.stream().filter(upstreams.getFirst()::equals).count();
    }
    say(
        "%d of %d turns on the engine of their session; %d of %d later turns found their prompt,"
            + " %d of %d prompt tokens",
        together, 20 * turns, cached[2], 20 * (turns - 1), cached[0], cached[1]);
    assertThat(together).isGreaterThanOrEqualTo(20 * turns * 95 / 100);
    assertThat(cached[2]).isEqualTo(20L * (turns - 1));
    assertThat(homes.values()).contains("engine-0", "engine-1");
  }

  private void revocation() throws Exception {
    Key key = key(gateways.get(0), "revoked");
    for (NodeProcess gateway : gateways) {
      assertThat(gateway.send(gateway.chat(key.text, HI, 1, false)).statusCode()).isEqualTo(200);
    }
    admin(gateways.get(2), "DELETE", "/keys/" + key.id, "");
    long since = System.nanoTime();
    double slowest = 0;
    for (NodeProcess gateway : gateways) {
      await(() -> gateway.send(gateway.chat(key.text, HI, 1, false)).statusCode() == 401);
      slowest = Math.max(slowest, seconds(since));
    }
    say("a revoked key was refused by all gateways after %.3f s", slowest);
    assertThat(slowest).isLessThan(2);
  }

  private void budget(DatabaseOptions options) throws Exception {
    Key key = key(gateways.get(0), "budget");
    long limit = 2_000_000;
    admin(
        gateways.get(1),
        "POST",
        "/budgets",
        """
        {"name": "small", "scope_type": "key", "scope_id": "%s", "window": "total",
         "limit_nano": %d, "action": "block"}
        """
            .formatted(key.id, limit));
    Thread.sleep(1500);
    Map<Integer, Integer> statuses = new TreeMap<>();
    List<Future<Integer>> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(12)) {
      for (int i = 0; i < 200; i++) {
        NodeProcess gateway = gateways.get(i % GATEWAYS);
        HttpRequest request = gateway.chat(key.text, HI, 10, false);
        answers.add(threads.submit(() -> gateway.send(request).statusCode()));
      }
    }
    for (Future<Integer> answer : answers) {
      statuses.merge(answer.get(), 1, Integer::sum);
    }
    // Journals reach the database within moments.
    Thread.sleep(1000);
    long cost = cost(options, key);
    say("200 requests on 3 gateways against %d nano-USD: %s, cost %d", limit, statuses, cost);
    assertThat(statuses.getOrDefault(200, 0)).isPositive();
    assertThat(statuses.getOrDefault(402, 0)).isPositive();
    assertThat(statuses.keySet()).isSubsetOf(200, 402);
    assertThat(cost).isBetween(1L, limit);
  }

  private static long cost(DatabaseOptions options, Key key) {
    try (Database database = Database.open(options)) {
      return number(
          database,
          "SELECT coalesce(sum(cost_nano), 0) FROM usage_event WHERE key_id = '" + key.id + "'");
    }
  }

  private void rate() throws Exception {
    Key key = key(gateways.get(0), "rate");
    int perMinute = 300;
    int burst = 10;
    admin(
        gateways.get(1),
        "POST",
        "/limits",
        """
        {"scope_type": "key", "scope_id": "%s", "dimension": "rpm", "amount": %d, "burst": %d}
        """
            .formatted(key.id, perMinute, burst));
    Thread.sleep(1500);
    long since = System.nanoTime();
    long end = since + TimeUnit.SECONDS.toNanos(20);
    List<Future<int[]>> counts = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(GATEWAYS)) {
      for (NodeProcess gateway : gateways) {
        HttpRequest request = gateway.chat(key.text, HI, 1, false);
        counts.add(
            threads.submit(
                () -> {
                  int[] count = new int[2];
                  while (System.nanoTime() < end) {
                    int status = gateway.send(request).statusCode();
                    assertThat(status).isIn(200, 429);
                    count[status == 200 ? 0 : 1]++;
                    Thread.sleep(status == 429 ? 20 : 0);
                  }
                  return count;
                }));
      }
    }
    int admitted = 0;
    int refused = 0;
    for (Future<int[]> count : counts) {
      admitted += count.get()[0];
      refused += count.get()[1];
    }
    double time = seconds(since);
    double allowed = burst + perMinute * time / 60;
    // A slice of each node may be outstanding: a tenth of what is there, at least one.
    double bound = allowed + GATEWAYS * Math.max(1, perMinute / 10.0 * time / 60 / 10);
    say(
        "rpm %d, burst %d, over 3 gateways in %.1f s: %d admitted, %d refused; %.0f allowed, %.0f"
            + " with leases",
        perMinute, burst, time, admitted, refused, allowed, bound);
    assertThat((double) admitted).isLessThanOrEqualTo(bound);
    assertThat((double) admitted).isGreaterThan(0.7 * allowed);
    assertThat(refused).isPositive();
  }

  private void killEngine() throws Exception {
    Key key = key(gateways.get(0), "moves");
    long[] cached = new long[3];
    Map<Integer, String> homes = new HashMap<>();
    for (int session = 100; session < 112; session++) {
      homes.put(session, session(key, session, 1, cached).getFirst());
    }
    NodeProcess victim = engines.get(0);
    victim.kill();
    long since = System.nanoTime();
    int moved = 0;
    int stayed = 0;
    for (int session = 100; session < 112; session++) {
      List<String> now = session(key, session, 2, cached);
      assertThat(now).containsOnly("engine-1");
      boolean was = "engine-1".equals(homes.get(session));
      stayed += was ? 1 : 0;
      moved += was ? 0 : 1;
    }
    for (NodeProcess gateway : gateways) {
      await(() -> admin(gateway, "GET", "/nodes", "").at("/data").size() == 4);
    }
    say(
        "engine killed: %d sessions moved, %d stayed, no request failed; out of all lists after %.1f"
            + " s",
        moved, stayed, seconds(since));
    assertThat(moved).isPositive();
  }

  private void killGateway(DatabaseOptions options) throws Exception {
    Key key = key(gateways.get(0), "cut");
    admin(
        gateways.get(1),
        "POST",
        "/budgets",
        """
        {"name": "cut", "scope_type": "key", "scope_id": "%s", "window": "total",
         "limit_nano": 1000000000, "action": "block"}
        """
            .formatted(key.id));
    Thread.sleep(1500);
    NodeProcess victim = gateways.get(1);
    List<InputStream> streams = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      HttpResponse<InputStream> answer =
          victim.open(
              victim.chat(
                  key.text, "{'role':'user','content':'Stream " + i + ", please'}", 900, true));
      assertThat(answer.statusCode()).isEqualTo(200);
      streams.add(answer.body());
    }
    for (InputStream stream : streams) {
      assertThat(
              new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8)).readLine())
          .startsWith("data: ");
    }
    String journal = folder.resolve("gateway-1").resolve("journal").toString();
    Invocation early =
        Invocation.hadal(
            "ledger", "import", journal, "--db", options.url(), "--db-user", "postgres");
    assertThat(early.exitCode()).as(early.out()).isNotZero();
    assertThat(early.err()).contains("gateway-1");
    victim.kill();
    for (InputStream stream : streams) {
      stream.close();
    }
    NodeProcess other = gateways.get(2);
    assertThat(other.send(other.chat(key.text, HI, 1, false)).statusCode()).isEqualTo(200);

    Invocation imported = new Invocation(1, "", "");
    long since = System.nanoTime();
    for (int i = 0; i < 20 && imported.exitCode() != 0; i++) {
      // Until its last beat is a lease ago, or watching shows that none follows.
      imported =
          Invocation.hadal(
              "ledger", "import", journal, "--db", options.url(), "--db-user", "postgres");
    }
    assertThat(imported.exitCode()).as(imported.out() + imported.err()).isZero();
    say("gateway killed with 4 streams: %s (%.1f s)", imported.out().strip(), seconds(since));
    assertThat(imported.out()).contains("4 attempts had not ended").contains("'gateway-1'");
    Invocation again =
        Invocation.hadal(
            "ledger", "import", journal, "--db", options.url(), "--db-user", "postgres");
    assertThat(again.exitCode()).as(again.err()).isZero();
    assertThat(again.out()).contains("0 attempts");

    Invocation verified =
        Invocation.hadal("ledger", "verify", "--db", options.url(), "--db-user", "postgres");
    assertThat(verified.exitCode()).as(verified.out() + verified.err()).isZero();
    try (Database database = Database.open(options)) {
      assertThat(number(database, "SELECT coalesce(sum(amount_nano), 0) FROM ledger_entry"))
          .isZero();
      assertThat(
              number(
                  database,
                  "SELECT coalesce(sum(abs(balance_nano)), 0) FROM ledger_balance"
                      + " WHERE account_id LIKE 'held%'"))
          .isZero();
      assertThat(
              number(
                  database,
                  "SELECT coalesce(sum(authority - settled), 0) FROM lease_share"
                      + " WHERE node = 'gateway-1'"))
          .as("leases of the dead node")
          .isZero();
      assertThat(
              number(
                  database,
                  "SELECT count(*) FROM usage_event WHERE outcome = 'CRASHED' AND key_id = '"
                      + key.id
                      + "'"))
          .isEqualTo(4);
      assertThat(
              number(
                  database,
                  "SELECT count(*) FROM (SELECT request_id FROM usage_event GROUP BY request_id"
                      + " HAVING count(*) FILTER (WHERE cost_nano > 0) > 1) AS twice"))
          .isZero();
      say(
          "the ledger sums to zero over %d attempts",
          number(database, "SELECT count(*) FROM usage_event"));
    }
  }

  private static long number(Database database, String sql) {
    return database.read(h -> h.createQuery(sql).mapTo(Long.class).one());
  }
}
