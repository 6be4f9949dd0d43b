package io.hadal.server.routing;

import io.hadal.platform.SecretText;
import io.hadal.server.routing.client.UpstreamClient;
import io.hadal.server.routing.config.UpstreamConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

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

  /** Requests that it is answering for this gateway. */
  AtomicInteger active() {
    return active;
  }

  Lane lane(String model) {
    String name = lanes.size() < MOST_LANES || lanes.containsKey(model) ? model : "*";
    return lanes.computeIfAbsent(
        name, n -> new Lane(name(), config.timeouts().firstToken().dividedBy(2), breakerOpen));
  }

  Map<String, Lane> lanes() {
    return lanes;
  }
}
