package io.hadal.server.routing;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An upstream as an operator sees it. Keys appear as numbers.
 *
 * @param format what it is spoken to in
 * @param since when it went up or down, milliseconds since 1970; 0 for the beginning
 * @param lastProbe when it was looked at; 0 for never
 * @param lastProblem what the last failure was; empty when it has answered since
 * @param active requests that it is answering for this gateway
 * @param keys what each key is: {@code ok}, {@code resting}, {@code refused 401}
 * @param lanes its models, by the names that it has for them
 */
public record BackendState(
    String name,
    URI url,
    String format,
    @Nullable String region,
    boolean zdr,
    boolean baa,
    boolean up,
    long since,
    long lastProbe,
    String lastProblem,
    int active,
    List<String> keys,
    Map<String, LaneState> lanes) {
  /**
   * A model at an upstream.
   *
   * @param breaker {@code closed}, {@code open} or {@code half_open}
   * @param failurePercent share of failed calls in the window; -1 before there are enough
   * @param firstTokenMillis moving average; -1 when unknown
   * @param tokenMicros moving average of the time between two tokens; -1 when unknown
   * @param cacheHit part of prompts that was cached
   */
  public record LaneState(
      String breaker,
      double failurePercent,
      double firstTokenMillis,
      double tokenMicros,
      double cacheHit) {}

  static BackendState of(Backend backend, long now) {
    Map<String, LaneState> lanes = new TreeMap<>();
    backend
        .lanes()
        .forEach(
            (model, lane) ->
                lanes.put(
                    model,
                    new LaneState(
                        lane.breakerState(),
                        lane.failurePercent(),
                        lane.firstTokenMillis(),
                        lane.tokenMicros(),
                        lane.cacheHit())));
    Health health = backend.health();
    return new BackendState(
        backend.name(),
        backend.config().url(),
        backend.config().format().name().toLowerCase(Locale.ROOT),
        backend.config().region(),
        backend.config().zdr(),
        backend.config().baa(),
        health.up(),
        health.since(),
        health.lastProbe(),
        health.lastProblem(),
        backend.active().get(),
        backend.keys().states(now),
        lanes);
  }
}
