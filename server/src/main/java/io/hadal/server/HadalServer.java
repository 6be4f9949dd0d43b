package io.hadal.server;

import io.hadal.chat.AnswerPolicy;
import io.hadal.chat.Problem;
import io.hadal.chat.Seal;
import io.hadal.chat.ServedModel;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.platform.Refusal;
import io.hadal.platform.SecretText;
import io.hadal.platform.cluster.ConfigMark;
import io.hadal.platform.cluster.NodeTokens;
import io.hadal.platform.probe.QualityOptions;
import io.hadal.platform.registry.RunningVersions;
import io.hadal.server.admin.AdminApi;
import io.hadal.server.admin.BackendEndpoints;
import io.hadal.server.admin.CacheEndpoints;
import io.hadal.server.admin.EndpointGroup;
import io.hadal.server.admin.ModelApi;
import io.hadal.server.admin.StateEndpoints;
import io.hadal.server.console.Console;
import io.hadal.server.explain.CacheExplainer;
import io.hadal.server.http.CrossOrigin;
import io.hadal.server.http.HelidonListener;
import io.hadal.server.http.HttpListener;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.http.JdkListener;
import io.hadal.server.http.ListenerOptions;
import io.hadal.server.redaction.RequestRedaction;
import io.hadal.server.routing.RoutedModels;
import io.hadal.server.routing.Router;
import io.hadal.server.routing.Videos;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.routing.config.RoutingConfig;
import io.hadal.server.telemetry.Tracing;
import io.hadal.server.wire.BalanceApi;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.CallTrace;
import io.hadal.server.wire.Dialect;
import io.hadal.server.wire.Models;
import io.hadal.server.wire.VersionEntries;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A running server: one model behind the APIs that clients speak. */
public final class HadalServer implements AutoCloseable {
  /** Names the model of a process that has none, in metrics. */
  static final String NO_MODEL = "none";

  private final ServerOptions options;
  private final @Nullable LocalModel local;
  private final AccessLog log;
  private volatile @Nullable SecretText metricsToken;
  private final Metrics metrics;
  private final CallRecords records;
  private final Seal seal;
  private final Router router;
  private final @Nullable LocalVersions versions;
  private final @Nullable ModelNames names;
  private final @Nullable Trials trials;

  /** What answers here, by what is asked for. */
  private final Map<Operation, Route.Handler> here = new EnumMap<>(Operation.class);

  private final PlatformAccess.@Nullable Health health;
  private final ApiHandler handler;
  private final HttpListener listener;
  private volatile ServerLimits limits;
  private volatile @Nullable ServedPrompts prompts;
  private volatile @Nullable ConfigMark mark;
  private volatile Consumer<ConfigMark> marks = known -> {};
  private volatile @Nullable Runnable reload;
  private volatile @Nullable Runnable stop;
  private final CacheExplainer explainer = new CacheExplainer(Clock.systemUTC());
  private final ConfigHistory config =
      new ConfigHistory(Clock.systemUTC(), ServeConfig.defaults().effective());

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
    this.seal = platform == null || platform.seal() == null ? Seal.ofProcess() : platform.seal();
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
    if (platform != null && local != null) {
      local.explainer(explainer);
    }
    PlatformAccess.Names known = platform == null ? null : platform.names();
    if (platform != null) {
      router.gate(platform.gate());
      router.identities(
          call -> Objects.requireNonNull(call.meter().identity(), "a key was checked"));
    }
    AtomicInteger active = new AtomicInteger();
    this.metrics = new Metrics(name, local == null ? null : local.dispatcher(), active::get);
    if (local != null) {
      metrics.reasoning(local.memory());
    }
    this.health = platform == null ? null : platform.health();
    if (health != null) {
      metrics.platform(health);
    }
    router.meters(metrics.registry());
    this.versions =
        known == null
            ? null
            : new LocalVersions(known.registry(), known.hashes(), model, router::enginesOf);
    this.trials =
        known == null || versions == null
            ? null
            : new Trials(known, versions, this::inside, metrics.registry());
    this.names =
        known == null || trials == null || versions == null
            ? null
            : new ModelNames(known, name, versions, trials.shadows());
    this.records =
        new CallRecords(
            call -> {
              log.write(call);
              metrics.count(call);
            });
    this.handler =
        new ApiHandler(
            routes(platform, active),
            options.keys(),
            platform,
            limits.bodyBytes(),
            limits.idempotency(),
            active,
            call -> {
              records.accept(call);
              CallTrace trace = call.trace();
              if (trace != null) {
                trace.end(call);
              }
              if (names != null) {
                names.observe(call);
              }
            });
    if (platform != null) {
      handler.redaction(new RequestRedaction(metrics.registry(), limits.bodyBytes()));
    }
    metrics.bodies(handler::bodyBytes);
    this.listener = listen(options.listener(), handler);
  }

  private static HttpListener listen(ListenerOptions options, ApiHandler handler) {
    return switch (options.http()) {
      case HELIDON ->
          HelidonListener.start(
              options, handler, Dialect.OPENAI.body(HttpProblem.invalidHttp(), ""));
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
    routes.add(
        "POST",
        Dialect.OPENAI,
        "input_tokens",
        routed(Operation.COUNT_INPUT),
        "/v1/responses/input_tokens",
        "/responses/input_tokens");
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
    Models models =
        new Models(
            local == null ? null : local.served(), new RoutedModels(router), entries(platform));
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
    byte[] description = ModelApi.document(options.version());
    routes.addOpen(
        "GET",
        "page",
        call -> call.exchange().send(200, "application/json", description),
        ModelApi.PATH);
    AdminApi admin = platform == null ? null : addPlatform(routes, platform, active);
    if (local != null) {
      local.add(routes);
    }
    MetricsAccess figures =
        new MetricsAccess(
            admin, platform != null, exchange -> handler.requireKey(exchange), () -> metricsToken);
    routes.addOpen(
        "GET",
        "metrics",
        call -> {
          figures.require(call.exchange());
          call.exchange()
              .send(
                  200,
                  "text/plain; version=0.0.4; charset=utf-8",
                  scrape().getBytes(StandardCharsets.UTF_8));
        },
        "/metrics");
    new StatePages(local, router, health, versions, () -> handler, () -> mark).add(routes);
    return routes;
  }

  private @Nullable VersionEntries entries(@Nullable PlatformAccess platform) {
    PlatformAccess.Names known = platform == null ? null : platform.names();
    LocalVersions running = versions;
    ModelNames meanings = names;
    return known == null || running == null || meanings == null
        ? null
        : new VersionEntries(
            identity ->
                known.registry().cards(identity).stream()
                    .filter(card -> running.answerable(card.version().id()))
                    .toList(),
            (version, project) -> known.trials().price(version, project, known.clock().millis()),
            (name, identity) -> {
              if (known.registry().knows(name, identity)) {
                meanings.require(known.registry().resolve(name, identity, null));
              }
            });
  }

  /** Answers what a route covers elsewhere, all else here. */
  private Route.Handler routed(Operation operation) {
    Route.Handler own = local == null ? null : local.handler(operation);
    Route.Handler answering = own != null ? own : call -> nobody(call, operation);
    here.put(operation, answering);
    return call -> {
      // A gateway has chosen the model and this node; nothing is passed on any further.
      boolean chosen = NodeTokens.counted(call.meter().identity());
      if (names != null && chosen) {
        names.chosen(call, operation, options.limits().bodyBytes());
      } else if (names != null) {
        names.resolve(call, operation, options.limits().bodyBytes());
      }
      try {
        answer(call, operation, answering, chosen);
      } catch (Problem | Refusal e) {
        if (chosen
            || !usedUp(e)
            || names == null
            || !names.downgraded(call, operation, options.limits().bodyBytes())) {
          throw e;
        }
        answer(call, operation, answering, false);
      }
    };
  }

  /** Whether a budget has too little left. */
  private static boolean usedUp(RuntimeException e) {
    return e instanceof Refusal refusal
        ? refusal.reason() == Refusal.Reason.BUDGET
        : e instanceof Problem problem && problem.code().equals("budget_exceeded");
  }

  private void answer(Call call, Operation operation, Route.Handler own, boolean chosen)
      throws IOException {
    if (chosen || !router.handle(call, operation)) {
      own.handle(call);
      ServedPrompts served = prompts;
      if (served != null) {
        served.add(call, operation, options.limits().bodyBytes());
      }
    }
  }

  /** Answers a call of this process itself, whose version is known. */
  private void inside(Call call, Operation operation) throws IOException {
    if (names != null) {
      names.pinned(call, operation, options.limits().bodyBytes());
    }
    Route.Handler own = here.get(operation);
    if (!router.handle(call, operation) && own != null) {
      own.handle(call);
    }
  }

  /** Nobody has the model. */
  private void nobody(Call call, Operation operation) throws IOException {
    if (operation == Operation.IMAGES) {
      throw Problem.unsupported("model", "makes no images");
    }
    RequestView view = RequestView.of(call.body(options.limits().bodyBytes()), operation);
    throw view == null ? Problem.missing("model") : Problem.unknownModel(view.model());
  }

  /** Notes from now on what prompts are cached here. */
  void prompts(ServedPrompts now) {
    prompts = now;
  }

  /** Which versions of the registry run; null without a registry. */
  @Nullable LocalVersions versions() {
    return versions;
  }

  /** Whether it takes no more requests. */
  boolean draining() {
    return handler.draining();
  }

  /** The model that it serves; null for a gateway without one. */
  @Nullable ServedModel model() {
    return local == null ? null : local.served();
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

  /** Returns who administers; null for nobody over HTTP. */
  private @Nullable AdminApi addPlatform(
      Routes routes, PlatformAccess platform, AtomicInteger active) {
    if (platform.balances() != null) {
      PlatformAccess.Balances money = platform.balances();
      BalanceApi balance = new BalanceApi(money::of, money::paysAhead, money::budgetLeft);
      routes.add(
          "GET", Dialect.OPENAI, "balance", balance::handle, "/user/balance", "/v1/user/balance");
    }
    if (platform.usage() != null) {
      routes.add(
          "GET",
          Dialect.OPENAI,
          "usage",
          platform.usage()::handle,
          "/user/usage",
          "/v1/user/usage");
    }
    if (platform.administration() == null) {
      return null;
    }
    StateEndpoints state =
        new StateEndpoints(
            local == null ? null : local.dispatcher()::stats,
            active::get,
            config::json,
            () -> reload,
            () -> stop);
    List<EndpointGroup> own =
        new ArrayList<>(
            List.of(state, new BackendEndpoints(router), new CacheEndpoints(explainer)));
    if (trials != null) {
      own.addAll(trials.endpoints());
    }
    AdminApi admin =
        platform
            .administration()
            .api(
                own,
                local == null ? null : local.served(),
                versions == null ? RunningVersions.UNKNOWN : versions);
    routes.addAdmin(admin);
    Console console = new Console();
    for (String path : console.paths()) {
      for (String method : new String[] {"GET", "HEAD"}) {
        routes.addOpen(method, "console", call -> console.answer(path, call.exchange()), path);
      }
    }
    return admin;
  }

  /**
   * Lets administrators have the configuration read again, and end the process in order.
   *
   * @param again reads it and applies it; null where there is nothing to read
   * @param end begins the drain; returns at once
   */
  public void operations(@Nullable Runnable again, Runnable end) {
    reload = again;
    stop = end;
  }

  /** Shows administrators what the server was started with, without secrets. */
  public void effective(JsonNode now) {
    config.started(now);
  }

  /** Says which configuration this node has: other nodes should have the same. */
  public void configured(ConfigMark now) {
    mark = now;
    marks.accept(now);
  }

  /** Gets the configuration that this node has, and each that follows. */
  void marks(Consumer<ConfigMark> listener) {
    marks = listener;
    ConfigMark known = mark;
    if (known != null) {
      listener.accept(known);
    }
  }

  /** Tells administrators of a configuration that was applied while the server runs. */
  void reloaded(JsonNode now, List<String> needRestart) {
    config.applied(now, needRestart);
  }

  /** Tells administrators of a configuration that was refused, and why. */
  void notReloaded(String why) {
    config.refused(why);
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

  /** How well backends serve versions is looked at so, from now on. */
  public void quality(QualityOptions now) {
    if (trials != null) {
      trials.quality(now);
    }
  }

  /** What answers for models of others. */
  public Router router() {
    return router;
  }

  /** Other keys, from the next request on; null to serve everybody. */
  public void keys(@Nullable KeyRing now) {
    handler.keys(now);
  }

  /** A token that opens the figures and nothing else, from the next request on; null for none. */
  public void metricsToken(@Nullable SecretText now) {
    metricsToken = now;
  }

  /** Pages of other origins that may use the API, from the next request on. */
  public void origins(List<String> now) {
    handler.origins(new CrossOrigin(now));
  }

  /** Writes a line for each request from now on, or none. */
  public void accessLog(boolean on) {
    log.on(on);
  }

  private String scrape() {
    records.flush();
    return metrics.scrape();
  }

  /** Requests being answered. */
  int active() {
    return handler.active();
  }

  /** Follows requests from the next one on; stays open when the server closes. */
  public void tracing(Tracing tracing) {
    handler.tracing(tracing);
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

  /**
   * Ends what still runs after a drain: clients in the middle of an answer are told so before they
   * are cut.
   */
  public void endRunning() {
    if (local != null) {
      local.dispatcher().close();
    }
    router.endRunning();
    long end = System.nanoTime() + Duration.ofSeconds(2).toNanos();
    while (handler.active() > 0 && System.nanoTime() < end) {
      LockSupport.parkNanos(10_000_000);
    }
  }

  /** Stops at once. */
  @Override
  public void close() {
    listener.close();
    if (trials != null) {
      trials.close();
    }
    if (local != null) {
      local.close();
    }
    router.close();
    records.close();
    metrics.close();
  }
}
