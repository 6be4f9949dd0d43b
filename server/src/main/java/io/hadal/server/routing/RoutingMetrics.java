package io.hadal.server.routing;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleBiFunction;
import org.jspecify.annotations.Nullable;

/** Figures of attempts and breakers. Labels are names of the configuration, never of requests. */
final class RoutingMetrics {
  private final ToDoubleBiFunction<String, String> breakerLevel;
  private final Set<String> known = ConcurrentHashMap.newKeySet();
  private volatile @Nullable MeterRegistry registry;

  /**
   * Figures that go nowhere yet.
   *
   * @param breakerLevel state of the breaker of an upstream's model: 0 closed, 1 half open, 2 open
   */
  RoutingMetrics(ToDoubleBiFunction<String, String> breakerLevel) {
    this.breakerLevel = breakerLevel;
  }

  void registry(MeterRegistry to) {
    registry = to;
    known.clear();
  }

  void attempt(Candidate candidate, String result) {
    MeterRegistry to = registry;
    if (to == null) {
      return;
    }
    String backend = candidate.name();
    to.counter("llm_upstream_attempts_total", "backend", backend, "result", result).increment();
    String model = candidate.model().upstreamName();
    if (known.size() < 4096 && known.add(backend + "/" + model)) {
      Gauge.builder("llm_breaker_state", this, m -> m.breakerLevel.applyAsDouble(backend, model))
          .strongReference(true)
          .tags("backend", backend, "model", model)
          .register(to);
    }
  }
}
