package io.hadal.server;

import io.hadal.formats.Sha256;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.KeyTerms;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.Schedule;
import io.hadal.platform.money.UnitPrices;
import io.hadal.platform.node.Platform;
import io.hadal.platform.node.PlatformOptions;
import io.hadal.platform.probe.QualityOptions;
import io.hadal.platform.registry.Manifest;
import io.hadal.platform.registry.Slo;
import io.hadal.platform.reports.Attainment;
import io.hadal.platform.reports.Dimension;
import io.hadal.platform.reports.UsageFilter;
import io.hadal.platform.reports.UsageReports;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server with its platform, tenants of it, and clients that keep it busy. */
final class LoadWorld implements AutoCloseable {
  private static final Pattern COMPLETION = Pattern.compile("\"completion_tokens\":(\\d+)");
  private static final Pattern CONTENT = Pattern.compile("\"(content|reasoning_content)\":\"[^\"]");

  final Platform platform;
  final TestServer server;
  private final String org;
  private final String team;
  private volatile HttpClient http;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Queue<Running> begun = new ConcurrentLinkedQueue<>();

  /** A project and a key of it. */
  record Tenant(String org, String project, String key) {}

  LoadWorld(PlatformOptions options, int running, int waiting, int perTenant) {
    platform = Platform.open(options, line -> {});
    server = TestServer.with(PlatformWiring.access(platform, false), running, waiting, perTenant);
    // Lines of all requests would be kept.
    server.server.accessLog(false);
    // What probes of a new version leave would look like growth.
    server.server.quality(new QualityOptions(null, 0.25, 0.25, false));
    http = client();
    org = platform.tenants().createOrg("load").id();
    team = platform.tenants().createTeam(org, "load").id();
    long now = platform.clock().millis();
    platform
        .prices()
        .add(
            new Price(
                0,
                Price.ANY_MODEL,
                null,
                0,
                null,
                UnitPrices.tokens(1_000_000, 1_000_000, 1_000_000, 5_000_000),
                Schedule.NONE,
                "test",
                "test",
                now));
  }

  private HttpClient client() {
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).executor(threads).build();
  }

  /** Leaves the connections of before. */
  void reconnect() {
    http.shutdownNow();
    http = client();
  }

  /** Lets the model promise a time to the first token, for 95 % of the answers. */
  String promise(long millis) throws IOException {
    byte[] weights = Files.readAllBytes(TestServer.MODEL.resolve("model.safetensors"));
    String manifest =
        "{'kind':'local','family':'tiny','engine':{'version':'1'},'weights':[{'file':'w','sha256':'%s'}],'slo':{'ttft_ms':%d}}"
            .formatted(Sha256.hex(weights), millis)
            .replace('\'', '"');
    Manifest of = Manifest.of(TestServer.json(manifest), "test");
    String id = platform.registry().draft(of, null, "test").id();
    platform.registry().activate(id, "test");
    platform.registry().alias("", "tiny", id, "test", "a promise");
    return id;
  }

  /** How often a version has kept what it promises. */
  Attainment kept(String version) {
    Slo slo = Objects.requireNonNull(platform.registry().promise(version));
    return new UsageReports(platform.database())
        .attainment(UsageFilter.ALL.with(Dimension.of("version"), version), slo);
  }

  Tenant tenant(String slug) {
    return tenant(slug, KeyTerms.NO_LIMITS);
  }

  /** A tenant whose key has limits. */
  Tenant tenant(String slug, String limits) {
    String project = platform.tenants().createProject(team, slug, slug, null).id();
    KeyTerms usual = KeyTerms.inference(slug);
    KeyTerms terms = new KeyTerms(slug, usual.scopes(), List.of(), List.of(), limits, null);
    KeyStore.Created key = platform.keys().create(project, null, false, terms);
    return new Tenant(org, project, key.text().reveal());
  }

  /** Sends a request whose answer has this many tokens, and reads its answer. */
  void once(Tenant tenant, int tokens, LoadFigures figures) {
    HttpRequest request =
        server
            .request("/v1/chat/completions")
            .header("content-type", "application/json")
            .header("authorization", "Bearer " + tenant.key)
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    ConnectionsTest.endless(
                        server,
                        ",'stream':true,'stream_options':{'include_usage':true},'max_tokens':"
                            + tokens)))
            .build();
    long start = System.nanoTime();
    try {
      HttpResponse<InputStream> answer =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = answer.body()) {
        if (answer.statusCode() == 200) {
          read(body, start, figures);
        } else {
          String text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
          refused(answer, text, figures);
        }
      }
    } catch (IOException e) {
      figures.fault(e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void refused(HttpResponse<?> answer, String text, LoadFigures figures) {
    int status = answer.statusCode();
    if (status == 402) {
      figures.unpaid.incrementAndGet();
    } else if ((status == 429 || status == 503)
        && answer.headers().firstValue("retry-after").isPresent()) {
      figures.refused.incrementAndGet();
    } else {
      figures.fault(status + " " + text);
    }
  }

  private static void read(InputStream body, long start, LoadFigures figures) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    long first = 0;
    long tokens = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.equals("data: [DONE]")) {
        long last = System.nanoTime();
        figures.first.recordValue(((first == 0 ? last : first) - start) / 1000);
        figures.tokens.addAndGet(tokens);
        figures.answered.incrementAndGet();
        return;
      }
      if (line.contains("\"error\"")) {
        if (first == 0) {
          figures.ended.incrementAndGet();
        } else {
          figures.fault("cut: " + line);
        }
        return;
      }
      if (first == 0 && CONTENT.matcher(line).find()) {
        first = System.nanoTime();
      }
      Matcher usage = COMPLETION.matcher(line);
      if (usage.find()) {
        tokens = Long.parseLong(usage.group(1));
      }
    }
    figures.fault("a stream without an end");
  }

  /** Clients that send the next request when they have an answer. */
  void closed(Tenant tenant, int clients, int tokens, LoadFigures figures, Running running) {
    for (int i = 0; i < clients; i++) {
      running.all.register();
      threads.execute(
          () -> {
            try {
              while (!running.stop.get()) {
                long before = figures.answered.get();
                once(tenant, tokens, figures);
                if (figures.answered.get() == before) {
                  // Whoever is sent away does not come back at once.
                  Thread.sleep(20);
                }
              }
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            } finally {
              running.all.arriveAndDeregister();
            }
          });
    }
  }

  /** Requests that come at a rate, whatever becomes of those before. */
  void open(Tenant tenant, double perSecond, int tokens, LoadFigures figures, Running running) {
    running.all.register();
    threads.execute(
        () -> {
          long start = System.nanoTime();
          try {
            for (long i = 0; !running.stop.get(); i++) {
              long due = start + Math.round(i * 1e9 / perSecond) - System.nanoTime();
              if (due > 0) {
                TimeUnit.NANOSECONDS.sleep(due);
              }
              running.all.register();
              threads.execute(
                  () -> {
                    try {
                      once(tenant, tokens, figures);
                    } finally {
                      running.all.arriveAndDeregister();
                    }
                  });
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } finally {
            running.all.arriveAndDeregister();
          }
        });
  }

  /** For clients to begin with. */
  Running running() {
    Running running = new Running();
    begun.add(running);
    return running;
  }

  /** Lets all clients finish, also those that a test has left when it failed. */
  void stopAll() {
    for (Running one = begun.poll(); one != null; one = begun.poll()) {
      one.stop();
    }
  }

  /** Clients that run. */
  static final class Running {
    private final AtomicBoolean stop = new AtomicBoolean();
    private final Phaser all = new Phaser(1);

    /** Lets them finish. */
    void stop() {
      stop.set(true);
      all.arriveAndAwaitAdvance();
    }
  }

  /** What the ledger has of a project: events, requests, answered ones, their tokens and costs. */
  record Recorded(long events, long requests, long answered, long tokens, long cost) {}

  Recorded recorded(Tenant tenant) throws InterruptedException {
    if (!platform.journal().flush(Duration.ofSeconds(60))) {
      throw new AssertionError("the journal is not in the database");
    }
    String answered = " CASE WHEN outcome IN ('COMPLETED', 'LENGTH') THEN ";
    return platform
        .database()
        .read(
            h ->
                h.createQuery(
                        "SELECT count(*), count(DISTINCT request_id), coalesce(sum("
                            + answered
                            + "1 ELSE 0 END), 0), coalesce(sum("
                            + answered
                            + "output_text + output_reasoning ELSE 0 END), 0),"
                            + " coalesce(sum(cost_nano), 0) FROM usage_event"
                            + " WHERE project_id = :project")
                    .bind("project", tenant.project)
                    .map(
                        (rs, ctx) ->
                            new Recorded(
                                rs.getLong(1),
                                rs.getLong(2),
                                rs.getLong(3),
                                rs.getLong(4),
                                rs.getLong(5)))
                    .one());
  }

  static int platformThreads() {
    return ManagementFactory.getThreadMXBean().getThreadCount();
  }

  @Override
  public void close() {
    // A test that failed has left its clients running.
    threads.shutdownNow();
    http.shutdownNow();
    server.close();
    platform.close();
  }
}
