package io.hadal.server;

import io.hadal.chat.AnswerPolicy;
import io.hadal.chat.Problem;
import io.hadal.chat.Seal;
import io.hadal.chat.ServedModel;
import io.hadal.engine.WarmUp;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.SlowPaths;
import io.hadal.server.admin.BackendEndpoints;
import io.hadal.server.admin.StateEndpoints;
import io.hadal.server.console.Console;
import io.hadal.server.http.HelidonListener;
import io.hadal.server.http.HttpListener;
import io.hadal.server.http.JdkListener;
import io.hadal.server.http.ListenerOptions;
import io.hadal.server.routing.BackendState;
import io.hadal.server.routing.RoutedModels;
import io.hadal.server.routing.Router;
import io.hadal.server.routing.Videos;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.routing.config.RoutingConfig;
import io.hadal.server.wire.BalanceApi;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.Dialect;
import io.hadal.server.wire.Models;
import java.io.IOException;
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
  /** Names the model of a process that has none, in metrics. */
  private static final String NO_MODEL = "none";

  private final ServerOptions options;
  private final @Nullable LocalModel local;
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
   * @param model null to answer for models of upstreams only
   * @param platform null for none
   * @throws io.hadal.formats.FormatException when the address cannot be used
   */
  public HadalServer(
      ServerOptions options,
      @Nullable ServedModel model,
      AnswerPolicy policy,
      @Nullable PlatformAccess platform) {
    this.options = options;
    this.limits = options.limits();
    this.local = model == null ? null : new LocalModel(model, options, policy, seal);
    String name = local == null ? NO_MODEL : local.name();
    this.log = new AccessLog(options.accessLog());
    this.router =
        new Router(
            asked -> model != null && model.answersTo(asked),
            limits.bodyBytes(),
            seal,
            limits.slowReader(),
            System::currentTimeMillis);
    PlatformAccess.Names known = platform == null ? null : platform.names();
    this.names = known == null ? null : new ModelNames(known, name);
    if (platform != null) {
      router.gate(platform.gate());
      router.identities(
          call -> Objects.requireNonNull(call.meter().identity(), "a key was checked"));
    }
    AtomicInteger active = new AtomicInteger();
    this.metrics = new Metrics(name, local == null ? null : local.dispatcher(), active::get);
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
    Routes routes = new Routes();
    routes.add(
        "POST",
        Dialect.OPENAI,
        "chat",
        routed(Operation.CHAT),
        "/v1/chat/completions",
        "/chat/completions",
        "/beta/chat/completions",
        "/beta/v1/chat/completions",
        "/api/v1/chat/completions");
    routes.add(
        "POST",
        Dialect.OPENAI,
        "completion",
        routed(Operation.COMPLETIONS),
        "/v1/completions",
        "/completions",
        "/beta/completions",
        "/beta/v1/completions");
    routes.add(
        "POST",
        Dialect.OPENAI,
        "responses",
        routed(Operation.RESPONSES),
        "/v1/responses",
        "/responses");
    String[] spellings = {"/v1/messages", "/anthropic/v1/messages", "/anthropic/messages"};
    routes.add("POST", Dialect.ANTHROPIC, "messages", routed(Operation.MESSAGES), spellings);
    for (String path : spellings) {
      routes.add(
          "POST",
          Dialect.ANTHROPIC,
          "count_tokens",
          routed(Operation.COUNT_TOKENS),
          path + "/count_tokens");
    }
    routes.add(
        "POST",
        Dialect.OPENAI,
        "embedding",
        routed(Operation.EMBEDDINGS),
        "/v1/embeddings",
        "/embeddings");
    addMedia(routes);
    Models models = new Models(local == null ? null : local.served(), new RoutedModels(router));
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
    if (local != null) {
      local.add(routes);
    }
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
  private Route.Handler routed(Operation operation) {
    Route.Handler own = local == null ? null : local.handler(operation);
    Route.Handler here = own != null ? own : call -> nobody(call, operation);
    return call -> {
      if (names != null) {
        names.resolve(call, operation, options.limits().bodyBytes());
      }
      if (!router.handle(call, operation)) {
        here.handle(call);
      }
    };
  }

  /** Nobody has the model. */
  private void nobody(Call call, Operation operation) throws IOException {
    if (operation == Operation.IMAGES) {
      throw Problem.unsupported("model", "makes no images");
    }
    RequestView view = RequestView.of(call.body(options.limits().bodyBytes()), operation);
    throw view == null ? Problem.missing("model") : Problem.unknownModel(view.model());
  }

  /** Images and videos, which only upstreams make. */
  private void addMedia(Routes routes) {
    routes.add(
        "POST",
        Dialect.OPENAI,
        "image",
        routed(Operation.IMAGES),
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
          new StateEndpoints(
              local == null ? null : local.dispatcher()::stats, active::get, () -> effective);
      routes.addAdmin(
          platform
              .administration()
              .api(
                  List.of(state, new BackendEndpoints(router)),
                  local == null ? DispatcherOptions.defaults() : local.dispatcher().options()));
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

  /** Ready before it is warm: answers are right from the start, only slower. */
  private void ready(Call call) {
    boolean recording = health == null || health.recording();
    boolean answering = local != null || router.available();
    String state =
        handler.draining()
            ? "draining"
            : !recording ? "journal full" : !answering ? "no upstream" : "ready";
    boolean ready = state.equals("ready");
    if (ready && local != null && local.warmUp().state() == WarmUp.State.RUNNING) {
      state = "ready, warming up";
    }
    StringBuilder body = new StringBuilder(state).append('\n');
    if (call.exchange().target().contains("?verbose") && fromHere(call.exchange().peer())) {
      body.append("draining: ").append(handler.draining()).append('\n');
      body.append("journal: ").append(recording ? "ok" : "full").append('\n');
      body.append("model: ").append(local == null ? NO_MODEL : local.name()).append('\n');
      for (BackendState upstream : router.states()) {
        body.append("upstream ").append(upstream.name()).append(": ");
        body.append(upstream.up() ? "up" : "down").append('\n');
      }
    }
    text(call, ready ? 200 : 503, body.toString());
  }

  private static boolean fromHere(String peer) {
    return peer.startsWith("127.") || peer.equals("::1") || peer.equals("0:0:0:0:0:0:0:1");
  }

  /** State of the process for people and scripts. */
  private void state(Call call) {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("status", handler.draining() ? "draining" : "ready");
    if (local != null) {
      WarmUp warmUp = local.warmUp();
      root.put("kernels", Kernels.get().name());
      root.putObject("warm_up")
          .put("state", warmUp.state().name().toLowerCase(Locale.ROOT))
          .put("progress", warmUp.progress())
          .put("seconds", warmUp.time().toMillis() / 1e3);
    }
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
    if (local != null) {
      local.limits(now);
    }
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

  /** The engine's queue and batch; null without a model of its own. */
  @Nullable Dispatcher dispatcher() {
    return local == null ? null : local.dispatcher();
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
    boolean done = local == null || local.dispatcher().drain(timeout);
    while (handler.active() > 0 && System.nanoTime() < end) {
      Thread.sleep(10);
    }
    return done && handler.active() == 0;
  }

  /** Stops at once. */
  @Override
  public void close() {
    listener.close();
    if (local != null) {
      local.close();
    }
    router.close();
    metrics.close();
  }
}
