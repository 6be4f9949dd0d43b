package io.hadal.server;

import io.hadal.chat.AnswerPolicy;
import io.hadal.chat.CallMemory;
import io.hadal.chat.ChatPlanner;
import io.hadal.chat.Problem;
import io.hadal.chat.Seal;
import io.hadal.chat.ServedModel;
import io.hadal.engine.WarmUp;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.SlowPaths;
import io.hadal.server.admin.BackendEndpoints;
import io.hadal.server.admin.StateEndpoints;
import io.hadal.server.console.Console;
import io.hadal.server.http.HelidonListener;
import io.hadal.server.http.HttpListener;
import io.hadal.server.http.JdkListener;
import io.hadal.server.http.ListenerOptions;
import io.hadal.server.routing.RoutedModels;
import io.hadal.server.routing.Router;
import io.hadal.server.routing.Videos;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.routing.config.RoutingConfig;
import io.hadal.server.wire.BalanceApi;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.ChatCompletions;
import io.hadal.server.wire.Completions;
import io.hadal.server.wire.Dialect;
import io.hadal.server.wire.Embeddings;
import io.hadal.server.wire.MessagesApi;
import io.hadal.server.wire.Models;
import io.hadal.server.wire.OllamaApi;
import io.hadal.server.wire.ResponsesApi;
import io.hadal.server.wire.TurnRunner;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A running server: one model behind the APIs that clients speak. */
public final class HadalServer implements AutoCloseable {
  private static final int REMEMBERED_CALLS = 10_000;

  private final ServerOptions options;
  private final ServedModel model;
  private final TurnRunner runner;
  private final ChatPlanner planner;
  private final AccessLog log;
  private final Metrics metrics;
  private final Seal seal = Seal.ofProcess();
  private final Router router;
  private final @Nullable ModelNames names;
  private final PlatformAccess.@Nullable Health health;
  private final ApiHandler handler;
  private final HttpListener listener;
  private volatile ServerLimits limits;
  private volatile JsonNode effective = JsonMapper.shared().createObjectNode();

  /**
   * Listens from now on. The model's dispatcher stays open when the server closes.
   *
   * @throws io.hadal.formats.FormatException when the address cannot be used
   */
  public HadalServer(ServerOptions options, ServedModel model) {
    this(options, model, AnswerPolicy.AS_ASKED);
  }

  /**
   * Listens from now on, with answers of a policy.
   *
   * @throws io.hadal.formats.FormatException when the address cannot be used
   */
  public HadalServer(ServerOptions options, ServedModel model, AnswerPolicy policy) {
    this(options, model, policy, null);
  }

  /**
   * Listens from now on, with the keys and limits of a platform.
   *
   * @param platform null for none
   * @throws io.hadal.formats.FormatException when the address cannot be used
   */
  public HadalServer(
      ServerOptions options,
      ServedModel model,
      AnswerPolicy policy,
      @Nullable PlatformAccess platform) {
    this.options = options;
    this.model = model;
    this.limits = options.limits();
    this.runner =
        new TurnRunner(
            model, new CallMemory(REMEMBERED_CALLS), limits.keepAlive(), limits.slowReader());
    this.planner = new ChatPlanner(model, runner.memory(), limits.requestTime(), policy);
    this.log = new AccessLog(options.accessLog());
    this.router =
        new Router(
            model::answersTo,
            limits.bodyBytes(),
            seal,
            limits.slowReader(),
            System::currentTimeMillis);
    PlatformAccess.Names known = platform == null ? null : platform.names();
    this.names = known == null ? null : new ModelNames(known, model.profile().name());
    if (platform != null) {
      router.gate(platform.gate());
      router.identities(
          call -> Objects.requireNonNull(call.meter().identity(), "a key was checked"));
    }
    AtomicInteger active = new AtomicInteger();
    this.metrics = new Metrics(model.profile().name(), model.dispatcher(), active::get);
    metrics.reasoning(runner.memory());
    this.health = platform == null ? null : platform.health();
    if (health != null) {
      metrics.platform(health);
    }
    router.meters(metrics.registry());
    this.handler =
        new ApiHandler(
            routes(platform, active),
            options.keys(),
            platform,
            limits.bodyBytes(),
            limits.idempotency(),
            active,
            call -> {
              log.write(call);
              metrics.count(call);
              if (names != null) {
                names.observe(call);
              }
            });
    this.listener = listen(options.listener(), handler);
  }

  private static HttpListener listen(ListenerOptions options, ApiHandler handler) {
    return switch (options.http()) {
      case HELIDON ->
          HelidonListener.start(
              options,
              handler,
              Dialect.OPENAI.body(Problem.invalidJson("no HTTP request this server knows"), ""));
      case JDK -> JdkListener.start(options, handler);
    };
  }

  private Routes routes(@Nullable PlatformAccess platform, AtomicInteger active) {
    long limit = options.limits().bodyBytes();
    Routes routes = new Routes();
    ChatCompletions chat = new ChatCompletions(planner, runner, limit);
    routes.add(
        "POST",
        Dialect.OPENAI,
        "chat",
        routed(Operation.CHAT, chat::handle),
        "/v1/chat/completions",
        "/chat/completions",
        "/beta/chat/completions",
        "/beta/v1/chat/completions",
        "/api/v1/chat/completions");
    Completions completions = new Completions(planner, runner, limit);
    routes.add(
        "POST",
        Dialect.OPENAI,
        "completion",
        routed(Operation.COMPLETIONS, completions::handle),
        "/v1/completions",
        "/completions",
        "/beta/completions",
        "/beta/v1/completions");
    ResponsesApi responses = new ResponsesApi(planner, runner, seal, limit);
    for (String path : new String[] {"/v1/responses", "/responses"}) {
      routes.add(
          "POST",
          Dialect.OPENAI,
          "responses",
          routed(Operation.RESPONSES, responses::handle),
          path);
      routes.add("POST", Dialect.OPENAI, "input_tokens", responses::count, path + "/input_tokens");
      routes.addBelow("GET", Dialect.OPENAI, "responses", responses::stored, path + "/");
      routes.addBelow("POST", Dialect.OPENAI, "responses", responses::stored, path + "/");
      routes.addBelow("DELETE", Dialect.OPENAI, "responses", responses::stored, path + "/");
    }
    MessagesApi messages = new MessagesApi(planner, runner, seal, limit);
    String[] spellings = {"/v1/messages", "/anthropic/v1/messages", "/anthropic/messages"};
    routes.add(
        "POST",
        Dialect.ANTHROPIC,
        "messages",
        routed(Operation.MESSAGES, messages::handle),
        spellings);
    for (String path : spellings) {
      routes.add(
          "POST",
          Dialect.ANTHROPIC,
          "count_tokens",
          routed(Operation.COUNT_TOKENS, messages::count),
          path + "/count_tokens");
    }
    Embeddings embeddings = new Embeddings(model, limit);
    routes.add(
        "POST",
        Dialect.OPENAI,
        "embedding",
        routed(Operation.EMBEDDINGS, embeddings::handle),
        "/v1/embeddings",
        "/embeddings");
    routes.add("POST", Dialect.OLLAMA, "embedding", embeddings::ollama, "/api/embed");
    addMedia(routes);
    Models models = new Models(model, new RoutedModels(router));
    String[] lists = {"/v1/models", "/models", "/beta/models", "/anthropic/v1/models"};
    routes.add("GET", Dialect.OPENAI, "models", models::list, lists);
    for (String list : lists) {
      routes.addBelow(
          "GET",
          Dialect.OPENAI,
          "models",
          call -> models.get(call, call.exchange().path().substring(list.length() + 1)),
          list + "/");
    }
    WebPage.add(routes);
    if (platform != null) {
      addPlatform(routes, platform, active);
    }
    addOllama(routes, new OllamaApi(planner, runner, options.version(), limit));
    routes.add(
        "GET",
        Dialect.OPENAI,
        "metrics",
        call ->
            call.exchange()
                .send(
                    200,
                    "text/plain; version=0.0.4; charset=utf-8",
                    metrics.scrape().getBytes(StandardCharsets.UTF_8)),
        "/metrics");
    routes.addOpen("GET", "health", call -> text(call, 200, "ok\n"), "/healthz");
    routes.add("GET", Dialect.OPENAI, "health", this::state, "/health");
    routes.addOpen("GET", "ready", this::ready, "/readyz");
    routes.addOpen("HEAD", "probe", call -> text(call, 200, ""), "/", "/api/hello");
    return routes;
  }

  /** Answers what a route covers elsewhere, all else here. */
  private Route.Handler routed(Operation operation, Route.Handler here) {
    return call -> {
      if (names != null) {
        names.resolve(call, operation, options.limits().bodyBytes());
      }
      if (!router.handle(call, operation)) {
        here.handle(call);
      }
    };
  }

  /** Images and videos, which only upstreams make. */
  private void addMedia(Routes routes) {
    routes.add(
        "POST",
        Dialect.OPENAI,
        "image",
        routed(
            Operation.IMAGES,
            call -> {
              throw Problem.unsupported("model", "makes no images");
            }),
        "/v1/images/generations",
        "/images/generations");
    Videos videos = router.videos();
    for (String path : new String[] {"/v1/videos", "/videos"}) {
      Route.Handler below =
          call -> videos.below(call, call.exchange().path().substring(path.length() + 1));
      routes.add("POST", Dialect.OPENAI, "video", videos::create, path);
      routes.add("GET", Dialect.OPENAI, "video", videos::list, path);
      routes.addBelow("GET", Dialect.OPENAI, "video", below, path + "/");
      routes.addBelow("DELETE", Dialect.OPENAI, "video", below, path + "/");
    }
  }

  private void addPlatform(Routes routes, PlatformAccess platform, AtomicInteger active) {
    if (platform.balances() != null) {
      BalanceApi balance = new BalanceApi(platform.balances()::of);
      routes.add(
          "GET", Dialect.OPENAI, "balance", balance::handle, "/user/balance", "/v1/user/balance");
    }
    if (platform.administration() != null) {
      StateEndpoints state =
          new StateEndpoints(model.dispatcher()::stats, active::get, () -> effective);
      routes.addAdmin(
          platform
              .administration()
              .api(List.of(state, new BackendEndpoints(router)), model.dispatcher().options()));
      Console console = new Console();
      for (String path : console.paths()) {
        for (String method : new String[] {"GET", "HEAD"}) {
          routes.addOpen(method, "console", call -> console.answer(path, call.exchange()), path);
        }
      }
    }
  }

  /** Shows administrators another configuration as the one in effect, without secrets. */
  public void effective(JsonNode config) {
    effective = config;
  }

  private static void addOllama(Routes routes, OllamaApi ollama) {
    Dialect dialect = Dialect.OLLAMA;
    routes.add("GET", dialect, "version", ollama::version, "/api/version");
    routes.add("GET", dialect, "models", ollama::tags, "/api/tags");
    routes.add("GET", dialect, "models", ollama::running, "/api/ps");
    routes.add("POST", dialect, "models", ollama::show, "/api/show");
    routes.add("POST", dialect, "chat", ollama::chat, "/api/chat");
    routes.add("POST", dialect, "completion", ollama::generate, "/api/generate");
    for (String name : new String[] {"pull", "push", "create", "copy"}) {
      routes.add("POST", dialect, "none", ollama::unsupported, "/api/" + name);
    }
    routes.add("DELETE", dialect, "none", ollama::unsupported, "/api/delete");
  }

  /** Ready before it is warm: answers are right from the start, only slower. */
  private void ready(Call call) {
    boolean recording = health == null || health.recording();
    boolean ready = !handler.draining() && recording;
    WarmUp.State state = model.dispatcher().engine().warmUp().state();
    String warm = state == WarmUp.State.RUNNING ? "ready, warming up\n" : "ready\n";
    if (call.exchange().target().matches("[^?]*\\?(.*&)?verbose(=.*|&.*)?")
        && handler.trusts(call.exchange())) {
      call.exchange().send(ready ? 200 : 503, "application/json", details(ready, recording, state));
      return;
    }
    text(call, ready ? 200 : 503, ready ? warm : recording ? "draining\n" : "journal full\n");
  }

  /** Why it is ready or not, for those who may know. */
  private byte[] details(boolean ready, boolean recording, WarmUp.State warmUp) {
    ObjectNode json =
        JsonMapper.shared()
            .createObjectNode()
            .put("ready", ready)
            .put("draining", handler.draining())
            .put("active_requests", handler.active())
            .put("model", model.profile().name())
            .put("warm_up", warmUp.name().toLowerCase(Locale.ROOT))
            .put("headroom", model.dispatcher().stats().headroom());
    if (health != null) {
      json.put("database", health.database() ? "answers" : "away");
      json.putObject("journal")
          .put("recording", recording)
          .put("bytes", health.journalBytes())
          .put("lag_ms", health.lagMillis())
          .put("open_attempts", health.openAttempts());
    }
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** State of the process for people and scripts. */
  private void state(Call call) {
    WarmUp warmUp = model.dispatcher().engine().warmUp();
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("status", handler.draining() ? "draining" : "ready")
        .put("kernels", Kernels.get().name());
    root.putObject("warm_up")
        .put("state", warmUp.state().name().toLowerCase(Locale.ROOT))
        .put("progress", warmUp.progress())
        .put("seconds", warmUp.time().toMillis() / 1e3);
    ArrayNode slow = root.putArray("slow_paths");
    for (SlowPaths.SlowPath path : SlowPaths.all()) {
      slow.addObject()
          .put("cause", path.cause())
          .put("effect", path.effect())
          .put("remedy", path.remedy());
    }
    call.exchange().send(200, "application/json", root.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void text(Call call, int status, String body) {
    call.exchange()
        .send(status, "text/plain; charset=utf-8", body.getBytes(StandardCharsets.UTF_8));
  }

  /** What requests may take now. */
  public ServerLimits limits() {
    return limits;
  }

  /**
   * Other limits, from the next request on. The longest body stays what it was.
   *
   * @param now what requests may take
   */
  public void limits(ServerLimits now) {
    limits = now;
    runner.times(now.keepAlive(), now.slowReader());
    planner.timeLimit(now.requestTime());
    handler.idempotency(now.idempotency());
    router.slowReader(now.slowReader());
  }

  /**
   * Other upstreams and routes, from the next request on.
   *
   * @throws io.hadal.formats.FormatException when a key cannot be had; then nothing changes
   */
  public void routing(RoutingConfig now) {
    router.configure(now);
  }

  /** What answers for models of others. */
  public Router router() {
    return router;
  }

  /** Other keys, from the next request on; null to serve everybody. */
  public void keys(@Nullable KeyRing now) {
    handler.keys(now);
  }

  /** Writes a line for each request from now on, or none. */
  public void accessLog(boolean on) {
    log.on(on);
  }

  /** Requests being answered. */
  int active() {
    return handler.active();
  }

  /** The engine's queue and batch. */
  Dispatcher dispatcher() {
    return model.dispatcher();
  }

  /** The port it listens at. */
  public int port() {
    return listener.port();
  }

  /**
   * Refuses new requests and waits for running ones.
   *
   * @return true when all have ended within the time
   */
  public boolean drain(Duration timeout) throws InterruptedException {
    handler.drain();
    long end = System.nanoTime() + timeout.toNanos();
    boolean done = model.dispatcher().drain(timeout);
    while (handler.active() > 0 && System.nanoTime() < end) {
      Thread.sleep(10);
    }
    return done && handler.active() == 0;
  }

  /** Stops at once. */
  @Override
  public void close() {
    listener.close();
    runner.close();
    router.close();
    metrics.close();
  }
}
