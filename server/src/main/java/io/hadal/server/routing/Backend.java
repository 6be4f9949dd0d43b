package io.hadal.server.routing;

import io.hadal.platform.SecretText;
import io.hadal.platform.cluster.BlockDigest;
import io.hadal.server.routing.client.UpstreamClient;
import io.hadal.server.routing.config.UpstreamConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An upstream while it is in use. */
final class Backend {
  /** Lanes of names that clients choose are bounded; further models share one. */
  private static final int MOST_LANES = 1024;

  private final UpstreamConfig config;
  private final KeyPool keys;
  private final Health health = new Health();
  private final Map<String, Lane> lanes = new ConcurrentHashMap<>();
  private final AtomicInteger active = new AtomicInteger();
  private final UpstreamClient http;
  private final Duration breakerOpen;

  /** What a node says of itself; null for other upstreams. */
  private volatile @Nullable EngineNode node;

  private volatile @Nullable Function<RoutedRequest, SecretText> credentials;

  Backend(UpstreamConfig config, List<SecretText> keys, Duration breakerOpen) {
    this.config = config;
    this.keys = new KeyPool(keys);
    this.breakerOpen = breakerOpen;
    this.http = new UpstreamClient(config.url(), config.timeouts().connect());
  }

  String name() {
    return config.name();
  }

  UpstreamConfig config() {
    return config;
  }

  KeyPool keys() {
    return keys;
  }

  Health health() {
    return health;
  }

  UpstreamClient http() {
    return http;
  }

  /** What a node says of itself now, and what it is shown in place of keys. */
  void node(EngineNode now, Function<RoutedRequest, SecretText> shown) {
    credentials = shown;
    node = now;
  }

  /** What a request shows: a key, or what nodes trust. */
  @Nullable SecretText credential(RoutedRequest request, KeyPool.Lease key) {
    Function<RoutedRequest, SecretText> shown = credentials;
    return shown == null ? key.secret() : shown.apply(request);
  }

  /** Version of the model of a node; null for other upstreams. */
  @Nullable String version() {
    EngineNode now = node;
    return now == null ? null : now.engine().version();
  }

  boolean draining() {
    EngineNode now = node;
    return now != null && now.load().draining();
  }

  /** What a node's prompt cache holds; of nothing for other upstreams. */
  BlockDigest digest() {
    EngineNode now = node;
    return now == null ? BlockDigest.EMPTY : now.digest();
  }

  /** Requests that it is answering: for all gateways where it says so, else for this one. */
  int load() {
    EngineNode now = node;
    return now == null
        ? active.get()
        : Math.max(active.get(), now.load().running() + now.load().waiting());
  }

  /** Requests that it is answering for this gateway. */
  AtomicInteger active() {
    return active;
  }

  Lane lane(String model) {
    String name = lanes.size() < MOST_LANES || lanes.containsKey(model) ? model : "*";
    return lanes.computeIfAbsent(
        name,
        n ->
            new Lane(
                name(),
                config.timeouts().firstToken().dividedBy(2),
                breakerOpen,
                System::nanoTime));
  }

  Map<String, Lane> lanes() {
    return lanes;
  }
}
