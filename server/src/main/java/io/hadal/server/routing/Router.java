package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.chat.Seal;
import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.usage.Gate;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.routing.body.PromptBlocks;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.body.SessionKey;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.routing.config.RouteConfig;
import io.hadal.server.routing.config.RoutingConfig;
import io.hadal.server.routing.config.Strategy;
import io.hadal.server.routing.config.UpstreamConfig;
import io.hadal.server.routing.config.UpstreamModel;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.HeaderFlag;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests for models of other providers and replicas (platform specification, 2.8). What a
 * request is answered by is decided when it comes; a reload concerns later ones.
 */
public final class Router implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.routing");

  /** How long a breaker stays open before it lets calls try. */
  private static final Duration BREAKER_OPEN = Duration.ofSeconds(15);

  /** Name of this process among the backends of a version. */
  private static final String LOCAL = "local";

  private final Predicate<String> local;
  private final long bodyLimit;
  private final Seal seal;
  private final LongSupplier clock;
  private final RoutingMetrics metrics = new RoutingMetrics(this::breakerLevel);
  private final RetryBudget retries = new RetryBudget();
  private final Watchdog watchdog = new Watchdog();
  private final Prober prober;
  private final Videos videos;
  private volatile Snapshot snapshot = new Snapshot(RoutingConfig.NONE, Map.of());
  private volatile Gate gate = new OpenGate();
  private volatile Function<Call, Identity> identities = Router::anyone;
  private volatile UpstreamAlerts alerts = (upstream, key, status) -> {};
  private volatile EngineNodes engines = EngineNodes.NONE;
  private volatile Duration slowReader;

  private record Snapshot(RoutingConfig config, Map<String, Backend> backends) {}

  /**
   * A router without upstreams.
   *
   * @param local whether this process answers to a name itself
   * @param bodyLimit longest body
   * @param seal closes reasoning that clients keep for us
   * @param slowReader longest time a client may take to accept a piece
   * @param clock milliseconds since 1970
   */
  public Router(
      Predicate<String> local, long bodyLimit, Seal seal, Duration slowReader, LongSupplier clock) {
    this.local = local;
    this.bodyLimit = bodyLimit;
    this.seal = seal;
    this.slowReader = slowReader;
    this.clock = clock;
    this.prober = new Prober(this::backends, clock);
    this.videos = new Videos(this);
  }

  /** Lets attempts pass, and counts them, from now on. */
  public void gate(Gate now) {
    gate = now;
  }

  /** Says whose a request is. */
  public void identities(Function<Call, Identity> now) {
    identities = now;
  }

  /** Is told what an operator has to deal with, beside the log. */
  public void alerts(UpstreamAlerts now) {
    alerts = now;
  }

  /** Counts here from now on. */
  public void meters(MeterRegistry registry) {
    metrics.registry(registry);
  }

  /** Another time that clients may take. */
  public void slowReader(Duration now) {
    slowReader = now;
  }

  private static Identity anyone(Call call) {
    String owner = call.client().tenant();
    return new Identity(
        "none", "none", "none", owner, null, Set.of(), List.of(), ProjectPolicy.DEFAULT);
  }

  private void keyRefused(String upstream, int key, int status) {
    LOG.log(
        Level.WARNING,
        "upstream {0} refused key {1} with status {2}; it is out until the next reload",
        upstream,
        key,
        status);
    alerts.keyRefused(upstream, key, status);
  }

  /**
   * Another configuration, from the next request on. Upstreams that stay the same keep what was
   * learnt of them.
   *
   * @throws FormatException when a key cannot be had; then nothing changes
   */
  public synchronized void configure(RoutingConfig config) {
    Map<String, Backend> known = snapshot.backends;
    Map<String, Backend> backends = new LinkedHashMap<>();
    for (UpstreamConfig upstream : config.upstreams()) {
      List<SecretText> keys = new ArrayList<>();
      upstream.keys().forEach(key -> keys.add(key.resolve(config.folder())));
      Backend same = known.get(upstream.name());
      boolean keep =
          same != null
              && same.config().equals(upstream)
              && same.keys().all().equals(keys)
              && !same.keys().anyRefused();
      backends.put(
          upstream.name(), keep && same != null ? same : new Backend(upstream, keys, BREAKER_OPEN));
    }
    snapshot = new Snapshot(config, backends);
    // What runs goes on; its connections are not needed any more.
    for (Backend before : known.values()) {
      if (backends.get(before.name()) != before) {
        before.http().retire();
      }
    }
  }

  /**
   * Engine nodes that are alive, from the next request on; their models are routed to them, unless
   * the configuration or this process has a model of that name.
   *
   * @param credentials what a node is shown for a request of somebody, and whether nothing of it
   *     may be kept
   */
  public void engines(
      List<EngineNode> nodes, BiFunction<Identity, Boolean, SecretText> credentials) {
    engines =
        engines.with(
            nodes, BREAKER_OPEN, request -> credentials.apply(request.identity(), request.zdr()));
  }

  /** Keeps jobs from now on. */
  public void jobs(JobKeeping now) {
    videos.keeping(now);
  }

  /** The configuration that holds. */
  public RoutingConfig config() {
    return snapshot.config;
  }

  private RouterParts parts() {
    return new RouterParts(
        gate,
        seal,
        this::keyRefused,
        metrics,
        retries,
        watchdog,
        clock,
        ThreadLocalRandom.current(),
        slowReader);
  }

  /**
   * Answers a request if its model is routed.
   *
   * @return false when this process has to answer it
   * @throws Problem when it cannot be answered
   * @throws io.hadal.platform.Refusal when it may not be answered
   */
  public boolean handle(Call call, Operation operation) throws IOException {
    Snapshot now = snapshot;
    if (now.backends.isEmpty() && engines.isEmpty()) {
      return false;
    }
    RequestView view = RequestView.of(call.body(bodyLimit), operation);
    RouteConfig route = view == null ? null : route(now, view.model(), call.resolution());
    if (view == null || route == null) {
      return false;
    }
    call.model(view.model());
    view.requireCountable();
    retries.request();
    call.exchange().bodyTaken();
    return run(now, request(call, view), route, 0);
  }

  /** A request of the caller. */
  RoutedRequest request(Call call, RequestView view) {
    Identity identity = identities.apply(call);
    boolean zdr = identity.policy().zdr() || HeaderFlag.ZDR.of(call.exchange());
    SessionKey session = SessionKey.of(view, identity.project(), call.exchange()::header);
    return new RoutedRequest(call, view, identity, session, view.model(), zdr);
  }

  Identity identity(Call call) {
    return identities.apply(call);
  }

  Gate gate() {
    return gate;
  }

  Collection<Backend> backends() {
    EngineNodes nodes = engines;
    Collection<Backend> configured = snapshot.backends.values();
    if (nodes.isEmpty()) {
      return configured;
    }
    List<Backend> all = new ArrayList<>(configured);
    all.addAll(nodes.all());
    return all;
  }

  /** An upstream; null when there is none of this name. */
  @Nullable Backend backend(String name) {
    Backend backend = snapshot.backends.get(name);
    return backend == null ? engines.find(name) : backend;
  }

  long bodyLimit() {
    return bodyLimit;
  }

  /** Milliseconds since 1970. */
  long now() {
    return clock.getAsLong();
  }

  private @Nullable RouteConfig route(Snapshot now, String model) {
    RouteConfig explicit = now.config.explicit(model);
    if (explicit != null || local.test(model)) {
      return explicit;
    }
    RouteConfig named = now.config.route(model);
    return named == null ? engines.route(model) : named;
  }

  /**
   * The route of a version: what the registry says runs it, by the strategy of the route that its
   * name has here, if any.
   */
  private @Nullable RouteConfig route(Snapshot now, String model, @Nullable Resolution version) {
    if (version != null && model.equals(version.version()) && version.backends().contains(LOCAL)) {
      return engineRoute(now, version);
    }
    RouteConfig known = route(now, model);
    List<String> there =
        version == null
            ? List.of()
            : version.backends().stream().filter(now.backends::containsKey).toList();
    if (version == null || there.isEmpty() || version.backends().contains(LOCAL)) {
      return known;
    }
    return known == null
        ? new RouteConfig(model, Strategy.PRIORITY, there, null, true)
        : new RouteConfig(model, known.strategy(), there, known.fallback(), known.providerObject());
  }

  /** The engine nodes that run a local version, by the strategy of the route that its name has. */
  private @Nullable RouteConfig engineRoute(Snapshot now, Resolution version) {
    RouteConfig running = engines.route(version.version());
    RouteConfig named = now.config.explicit(version.alias());
    return running == null || named == null || !named.upstreams().contains(RoutingConfig.ENGINES)
        ? running
        : new RouteConfig(
            running.model(),
            named.strategy(),
            running.upstreams(),
            named.fallback(),
            named.providerObject());
  }

  /** Names of the engine nodes that have a model or version. */
  public List<String> enginesOf(String model) {
    return engines.has(model).stream().map(backend -> backend.config().name()).toList();
  }

  /** False when a fallback to this process has to answer. */
  private boolean run(Snapshot now, RoutedRequest request, RouteConfig route, int made)
      throws IOException {
    String fallback = route.fallback();
    RouteConfig next = fallback == null ? null : route(now, fallback);
    Failure failure = null;
    Problem problem = null;
    int after = made;
    try {
      // Something is left for the route behind.
      int most = next == null ? Attempts.MOST : Attempts.MOST - 1;
      Attempts attempts =
          new Attempts(
              parts(), request, order(now, request, route), made, Math.max(made + 1, most));
      failure = attempts.run();
      if (failure == null) {
        return true;
      }
      after = attempts.made();
    } catch (Problem e) {
      problem = e;
    }
    if (fallback != null && (failure == null || failure.retryable() || failure.ofKey())) {
      if (next != null && after < Attempts.MOST) {
        request.call().substituted();
        return run(now, request.withView(request.view().withModel(fallback)), next, after);
      }
      if (next == null && local.test(fallback)) {
        request.call().substituted();
        request.call().local();
        request.call().replaceBody(request.view().withModel(fallback).body());
        return false;
      }
    }
    if (failure != null) {
      Attempts.refuse(request, failure);
      return true;
    }
    throw problem == null ? HttpProblem.upstream() : problem;
  }

  private List<Candidate> order(Snapshot now, RoutedRequest request, RouteConfig route) {
    RequestView view = request.view();
    ProviderWishes wishes = ProviderWishes.read(view.provider());
    if (!wishes.equals(ProviderWishes.NONE) && !route.providerObject()) {
      throw Problem.unsupported("provider", "is not allowed for this model");
    }
    List<Backend> backends = new ArrayList<>();
    for (String name : route.upstreams()) {
      Backend backend = now.backends.get(name);
      if (backend != null) {
        backends.add(backend);
      } else if (name.equals(RoutingConfig.ENGINES)) {
        backends.addAll(engines.has(view.model()));
      }
    }
    List<Candidate> candidates =
        new CandidateFilter(view, request.identity().policy(), wishes, request.zdr())
            .candidates(backends, request.call().resolution() != null);
    return new CandidateOrder(ThreadLocalRandom.current())
        .order(
            route.strategy(),
            candidates,
            view,
            wishes,
            request.session().value(),
            () -> PromptBlocks.of(view, request.identity().project()));
  }

  /** Jobs that make videos. */
  public Videos videos() {
    return videos;
  }

  /** Videos: the job's route is chosen as for any request. */
  List<Candidate> videoCandidates(RoutedRequest request) {
    Snapshot now = snapshot;
    RouteConfig route = route(now, request.view().model());
    if (route == null) {
      throw Problem.unknownModel(request.view().model());
    }
    return order(now, request, route);
  }

  /** Names of routed models that clients are told of, with what they can do. */
  public Map<String, UpstreamModel> models() {
    Map<String, UpstreamModel> models = snapshot.config.models();
    engines.addModels(models);
    return models;
  }

  /** Whether an upstream or engine node is there that may answer. */
  public boolean available() {
    long now = clock.getAsLong();
    return backends().stream()
        .anyMatch(b -> b.health().up() && !b.draining() && b.keys().restLeft(now) >= 0);
  }

  /** All upstreams as they are now. */
  public List<BackendState> states() {
    long now = clock.getAsLong();
    return backends().stream().map(b -> BackendState.of(b, now)).toList();
  }

  /**
   * Looks at an upstream now.
   *
   * @return its state after that; null when there is none of this name
   */
  public @Nullable BackendState probe(String name) {
    Backend backend = backend(name);
    if (backend == null) {
      return null;
    }
    prober.probe(backend);
    return BackendState.of(backend, clock.getAsLong());
  }

  private double breakerLevel(String name, String model) {
    Backend backend = backend(name);
    Lane lane = backend == null ? null : backend.lanes().get(model);
    return lane == null ? 0 : lane.breakerLevel();
  }

  /** Ends the streams that still run; their clients are told so. */
  public void endRunning() {
    watchdog.end();
  }

  @Override
  public void close() {
    prober.close();
    watchdog.close();
    videos.close();
    backends().forEach(b -> b.http().close());
  }
}
