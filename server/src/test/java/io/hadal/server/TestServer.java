package io.hadal.server;

import io.hadal.chat.AnswerPolicy;
import io.hadal.chat.ServedModel;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.engine.serving.DispatcherStats;
import io.hadal.formats.Json;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Model;
import io.hadal.platform.SecretText;
import io.hadal.server.http.HttpServerKind;
import io.hadal.server.http.ListenerOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A server over a tiny model with random weights, on a real socket. */
final class TestServer implements AutoCloseable {
  static final Path MODEL = unpack();

  /** Opens the figures of a server with a platform, and nothing else. */
  static final String FIGURES = "figures-of-the-test";

  /** What speaks HTTP in all tests that do not choose; for runs of the whole suite. */
  static final HttpServerKind HTTP =
      HttpServerKind.valueOf(System.getProperty("hadal.http", "HELIDON"));

  static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Model model;
  private final Engine engine;
  private final Dispatcher dispatcher;
  final Tokenizer tokenizer;
  final ServedModel served;
  final HadalServer server;
  final HttpClient http = HttpClient.newHttpClient();

  /** Read while the server writes. */
  final List<String> log = new CopyOnWriteArrayList<>();

  TestServer() {
    this(null, ServerLimits.DEFAULT, 1024, 16);
  }

  TestServer(@Nullable KeyRing keys, ServerLimits limits, int context, int waiting) {
    this(
        keys,
        limits,
        context,
        waiting,
        new ListenerOptions("127.0.0.1", 0, 256, null, null, HTTP),
        UnaryOperator.identity());
  }

  TestServer(
      @Nullable KeyRing keys,
      ServerLimits limits,
      int context,
      int waiting,
      @Nullable Path certificate,
      @Nullable Path privateKey) {
    this(
        keys,
        limits,
        context,
        waiting,
        new ListenerOptions("127.0.0.1", 0, 256, certificate, privateKey, HTTP),
        UnaryOperator.identity());
  }

  /** A server that retains no prefixes, so that nothing may stay of any request. */
  static TestServer withoutCache(ServerLimits limits, int context, int waiting) {
    return new TestServer(
        null,
        limits,
        context,
        waiting,
        new ListenerOptions("127.0.0.1", 0, 256, null, null, HTTP),
        options -> options.withPrefixMemory(0, 512));
  }

  TestServer(
      @Nullable KeyRing keys,
      ServerLimits limits,
      int context,
      int waiting,
      ListenerOptions listener,
      UnaryOperator<DispatcherOptions> more) {
    this(keys, limits, context, waiting, listener, more, null);
  }

  /** A server with the keys and limits of a platform. */
  static TestServer with(PlatformAccess platform) {
    return with(platform, "tiny");
  }

  /** The same under another name of its model. */
  static TestServer with(PlatformAccess platform, String name) {
    return with(platform, name, MODEL);
  }

  /** The same over another checkpoint. */
  static TestServer with(PlatformAccess platform, String name, Path checkpoint) {
    return new TestServer(
        null,
        ServerLimits.DEFAULT,
        1024,
        16,
        new ListenerOptions("127.0.0.1", 0, 256, null, null, HTTP),
        UnaryOperator.identity(),
        platform,
        name,
        checkpoint);
  }

  /** The same, with places for so many requests. */
  static TestServer with(PlatformAccess platform, int running, int waiting, int perTenant) {
    return new TestServer(
        null,
        ServerLimits.DEFAULT,
        1024,
        waiting,
        new ListenerOptions("127.0.0.1", 0, 1024, null, null, HTTP),
        // A cache that is full at once: what grows then is none.
        options -> options.withLimits(running, waiting, perTenant).withPrefixMemory(1 << 20, 512),
        platform);
  }

  private TestServer(
      @Nullable KeyRing keys,
      ServerLimits limits,
      int context,
      int waiting,
      ListenerOptions listener,
      UnaryOperator<DispatcherOptions> more,
      @Nullable PlatformAccess platform) {
    this(keys, limits, context, waiting, listener, more, platform, "tiny", MODEL);
  }

  private TestServer(
      @Nullable KeyRing keys,
      ServerLimits limits,
      int context,
      int waiting,
      ListenerOptions listener,
      UnaryOperator<DispatcherOptions> more,
      @Nullable PlatformAccess platform,
      String name,
      Path checkpoint) {
    model = Model.load(checkpoint);
    engine =
        new Engine(
            model,
            EngineOptions.defaults().withThreads(1).withContext(context).withPlainImageIds(true));
    dispatcher =
        new Dispatcher(
            engine, more.apply(DispatcherOptions.defaults().withLimits(4, waiting, waiting)));
    tokenizer = Tokenizer.fromJson(MODEL.resolve("tokenizer.json"));
    served =
        new ServedModel(
            new ServedModel.Profile(
                name,
                Set.of("claude-" + name),
                "Tiny",
                name + "@2026-01-01",
                Instant.EPOCH,
                PromptDialect.V4_1,
                false),
            dispatcher,
            tokenizer);
    server =
        new HadalServer(
            new ServerOptions(listener, keys, limits, log::add, "1.2.3"),
            served,
            AnswerPolicy.AS_ASKED,
            platform);
    if (platform != null) {
      server.metricsToken(new SecretText(FIGURES));
    }
  }

  /** The figures for Prometheus. */
  String figures() {
    return get("/metrics", "authorization", "Bearer " + FIGURES).body();
  }

  /** A server whose prefixes go to a folder. */
  static TestServer withFolder(Path folder) {
    return new TestServer(
        null,
        ServerLimits.DEFAULT,
        1024,
        16,
        new ListenerOptions("127.0.0.1", 0, 256, null, null, HTTP),
        options -> options.withPrefixFolder(folder, 1L << 30));
  }

  private static Path unpack() {
    Path folder = Path.of("target", "test-model-" + System.getProperty("hadal.fork", "1"));
    try {
      Files.createDirectories(folder);
      for (String name : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
        Files.write(folder.resolve(name), resource(name));
      }
      try (InputStream in = new GZIPInputStream(open("model.safetensors.gz"))) {
        Files.write(folder.resolve("model.safetensors"), in.readAllBytes());
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String name) {
    return Objects.requireNonNull(TestServer.class.getResourceAsStream("/golden/e/" + name), name);
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = open(name)) {
      return in.readAllBytes();
    }
  }

  String url(String path) {
    return "http://127.0.0.1:" + server.port() + path;
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url(path))).timeout(PATIENCE);
  }

  /** Posts JSON; single quotes stand for double ones. */
  HttpResponse<String> post(String path, String json, String... headers) {
    HttpRequest.Builder request =
        request(path)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json.replace('\'', '"')));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request.build());
  }

  HttpResponse<String> get(String path, String... headers) {
    HttpRequest.Builder request = request(path);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request.build());
  }

  HttpResponse<String> send(HttpRequest request) {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  static JsonNode json(HttpResponse<String> response) {
    return json(response.body());
  }

  static JsonNode json(String text) {
    return Json.parse(text.getBytes(StandardCharsets.UTF_8), "answer");
  }

  /** A server-sent event. */
  record Event(@Nullable String name, String data) {
    JsonNode json() {
      return TestServer.json(data);
    }
  }

  /** Events of a stream, comments left out. */
  static List<Event> events(String body) {
    List<Event> events = new ArrayList<>();
    for (String block : body.split("\n\n")) {
      String name = null;
      StringBuilder data = new StringBuilder();
      for (String line : block.split("\n")) {
        if (line.startsWith("event: ")) {
          name = line.substring(7);
        } else if (line.startsWith("data: ")) {
          data.append(line.substring(6));
        }
      }
      if (!data.isEmpty()) {
        events.add(new Event(name, data.toString()));
      }
    }
    return events;
  }

  /** Waits for a line of the access log, which is written when the client has its answer. */
  void awaitLog(String part) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (log.stream().noneMatch(l -> l.contains(part))) {
      if (System.nanoTime() > end) {
        throw new AssertionError("no " + part + " in " + log);
      }
      Thread.sleep(5);
    }
  }

  /** Waits until the engine has nothing to do. */
  void awaitIdle() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (dispatcher.stats().running() > 0) {
      if (System.nanoTime() > end) {
        throw new AssertionError("still running");
      }
      Thread.sleep(10);
    }
  }

  /** Waits until nothing is left of any request: no place, no queue, no memory. */
  void awaitNothingLeft() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      DispatcherStats stats = dispatcher.stats();
      if (stats.running() == 0
          && stats.waiting().isEmpty()
          && stats.cacheBytes() == 0
          && server.active() == 0) {
        return;
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("left behind: " + stats + ", active " + server.active());
      }
      Thread.sleep(10);
    }
  }

  int running() {
    return dispatcher.stats().running();
  }

  @Override
  public void close() {
    server.close();
    dispatcher.close();
    engine.close();
    model.close();
    http.close();
  }
}
