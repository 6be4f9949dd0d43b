package io.hadal.server;

import io.hadal.chat.CallMemory;
import io.hadal.chat.Usage;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherStats;
import io.hadal.engine.serving.PriorityClass;
import io.hadal.kernels.SlowPaths;
import io.hadal.platform.alert.ChannelState;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.tenancy.Identity;
import io.hadal.server.telemetry.GenAiNames;
import io.hadal.server.wire.Call;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Figures of the server for Prometheus. Names are stable; labels come from small sets, and content
 * is never among them.
 */
final class Metrics implements AutoCloseable {
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(10),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30),
    Duration.ofSeconds(60),
    Duration.ofSeconds(300)
  };

  /** Tokens of a block of caches. */
  private static final int BLOCK_TOKENS = 64;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Tags model;
  private final JvmGcMetrics collections = new JvmGcMetrics();
  private Set<String> projects = Set.of();

  /** By name and tags: building a meter to find it again costs more than to record with it. */
  private final Map<List<String>, Timer> timers = new ConcurrentHashMap<>();

  /**
   * Binds the figures of a dispatcher.
   *
   * @param dispatcher null for none
   * @param active requests being answered
   */
  Metrics(String modelName, @Nullable Dispatcher dispatcher, IntSupplier active) {
    model = Tags.of("model", modelName);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ClassLoaderMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    collections.bindTo(registry);
    // Nobody else holds the supplier; a gauge without it would be no number.
    Gauge.builder("llm_active_requests", active, IntSupplier::getAsInt)
        .strongReference(true)
        .register(registry);
    Gauge.builder("llm_slow_paths", () -> SlowPaths.all().size()).register(registry);
    if (dispatcher != null) {
      engine(dispatcher);
    }
  }

  private void engine(Dispatcher dispatcher) {
    Gauge.builder("llm_warm_up_progress", dispatcher, d -> d.engine().warmUp().progress())
        .tags(model)
        .register(registry);
    gauge("llm_running_requests", dispatcher, DispatcherStats::running);
    gauge("llm_batch_size", dispatcher, DispatcherStats::batch);
    gauge("llm_generated_tokens_per_second", dispatcher, DispatcherStats::tokensPerSecond);
    gauge("llm_prefill_tokens_per_second", dispatcher, DispatcherStats::prefillPerSecond);
    gauge("llm_kv_cache_bytes", dispatcher, DispatcherStats::cacheBytes);
    gauge("llm_kv_cache_budget_bytes", dispatcher, DispatcherStats::cacheBudget);
    gauge("llm_prefix_cache_memory_bytes", dispatcher, DispatcherStats::prefixMemoryBytes);
    gauge("llm_prefix_cache_disk_bytes", dispatcher, DispatcherStats::prefixDiskBytes);
    counter("llm_prefix_cache_hits_total", dispatcher, DispatcherStats::prefixHits);
    counter("llm_prefix_cache_misses_total", dispatcher, DispatcherStats::prefixMisses);
    gauge(
        "llm_prefix_cache_hit_ratio",
        dispatcher,
        s -> s.promptTokens() == 0 ? 0 : (double) s.cachedTokens() / s.promptTokens());
    gauge("llm_headroom_ratio", dispatcher, DispatcherStats::headroom);
    // Caches are counted in bytes; a block is what some tokens take.
    double block = Math.max(1, BLOCK_TOKENS * dispatcher.engine().plan().kvPerToken());
    blocks("used", dispatcher, s -> s.cacheBytes() / block);
    blocks("free", dispatcher, s -> Math.max(0, s.cacheBudget() - s.cacheBytes()) / block);
    counter("llm_steps_total", dispatcher, DispatcherStats::steps);
    counter("llm_preemptions_total", dispatcher, DispatcherStats::preemptions);
    counter("llm_draft_tokens_total", dispatcher, DispatcherStats::draftedTokens);
    counter("llm_accepted_draft_tokens_total", dispatcher, DispatcherStats::acceptedTokens);
    counter("llm_refused_total", dispatcher, DispatcherStats::refused);
    for (PriorityClass priority : PriorityClass.values()) {
      Gauge.builder(
              "llm_queue_depth", dispatcher, d -> d.stats().waiting().getOrDefault(priority, 0))
          .tags("class", name(priority))
          .register(registry);
    }
  }

  private void blocks(
      String state, Dispatcher dispatcher, ToDoubleFunction<DispatcherStats> figure) {
    Gauge.builder("llm_kv_blocks", dispatcher, d -> Math.floor(figure.applyAsDouble(d.stats())))
        .tags(model.and("state", state))
        .register(registry);
  }

  /** What bodies of requests take. */
  void bodies(DoubleSupplier bytes) {
    Gauge.builder("llm_request_body_bytes", bytes, DoubleSupplier::getAsDouble)
        .strongReference(true)
        .register(registry);
  }

  /** Counts what the memory of calls did not know. */
  void reasoning(CallMemory memory) {
    FunctionCounter.builder("llm_reasoning_missing_total", memory, CallMemory::missingReasoning)
        .tags(model)
        .register(registry);
  }

  /** Figures of a platform. */
  void platform(PlatformAccess.Health health) {
    projects = health.metricProjects();
    for (LimitScope scope : LimitScope.values()) {
      Gauge.builder("llm_budget_remaining_ratio", health, h -> h.budgetLeft(scope))
          .strongReference(true)
          .tags("scope", scope.text())
          .register(registry);
    }
    Gauge.builder("llm_config_differing_nodes", health, h -> h.otherConfigurations().size())
        .strongReference(true)
        .register(registry);
    for (ChannelState channel : health.alerts()) {
      String name = channel.name();
      alerts(health, name, "delivered", ChannelState::delivered);
      alerts(health, name, "failed", ChannelState::failed);
      alerts(health, name, "retried", ChannelState::retries);
      alerts(health, name, "dropped", ChannelState::dropped);
      Gauge.builder("llm_alerts_waiting", health, h -> of(h, name, ChannelState::waiting))
          .strongReference(true)
          .tags("channel", name)
          .register(registry);
    }
    Gauge.builder("llm_ledger_journal_bytes", health, PlatformAccess.Health::journalBytes)
        .strongReference(true)
        .register(registry);
    Gauge.builder("llm_ledger_lag_seconds", health, h -> h.lagMillis() / 1e3)
        .strongReference(true)
        .register(registry);
    Gauge.builder("llm_metered_attempts", health, PlatformAccess.Health::attempts)
        .strongReference(true)
        .register(registry);
  }

  private void alerts(
      PlatformAccess.Health health,
      String channel,
      String result,
      ToDoubleFunction<ChannelState> figure) {
    FunctionCounter.builder("llm_alerts_total", health, h -> of(h, channel, figure))
        .tags("channel", channel, "result", result)
        .register(registry);
  }

  private static double of(
      PlatformAccess.Health health, String channel, ToDoubleFunction<ChannelState> figure) {
    return health.alerts().stream()
        .filter(state -> state.name().equals(channel))
        .mapToDouble(figure)
        .sum();
  }

  private void gauge(String name, Dispatcher dispatcher, ToDoubleFunction<DispatcherStats> figure) {
    Gauge.builder(name, dispatcher, d -> figure.applyAsDouble(d.stats()))
        .tags(model)
        .register(registry);
  }

  private void counter(
      String name, Dispatcher dispatcher, ToDoubleFunction<DispatcherStats> figure) {
    FunctionCounter.builder(name, dispatcher, d -> figure.applyAsDouble(d.stats()))
        .tags(model)
        .register(registry);
  }

  /** Where further figures can be kept. */
  MeterRegistry registry() {
    return registry;
  }

  /** Counts a call that is over. */
  void count(Call call) {
    Tags tags =
        Tags.of(
            "dialect", call.dialectName(),
            "operation", call.operation());
    Tags answered = call.upstreamModel() == null ? model : Tags.of("model", call.upstreamModel());
    registry
        .counter(
            "llm_requests_total",
            tags.and(answered).and("project", project(call), "outcome", call.outcome()))
        .increment();
    registry.counter("llm_tool_parse_failures_total", answered).increment(call.brokenCalls());
    registry.counter("llm_cost_nanousd_total", answered).increment(call.meter().cost());
    if (call.firstToken() == null && call.usage().total() == 0) {
      return;
    }
    time("llm_request_duration_seconds", tags, call.age());
    time("llm_time_to_first_token_seconds", tags, call.firstToken());
    time("llm_time_per_output_token_seconds", tags, call.tokenTime());
    PriorityClass queue = call.queue();
    if (queue != null) {
      time("llm_queue_wait_seconds", Tags.of("class", name(queue)), call.queueTime());
    }
    Tags ai = Tags.of(GenAiNames.OPERATION, call.operation()).and(answered);
    time(GenAiNames.SERVER_DURATION, ai, call.age());
    time(GenAiNames.SERVER_FIRST, ai, call.firstToken());
    time(GenAiNames.SERVER_EACH, ai, call.tokenTime());
    if (call.upstream() != null) {
      time(GenAiNames.CLIENT_DURATION, ai, call.age());
    }
    Usage usage = call.usage();
    tokens(answered, "input_uncached", usage.inputUncached());
    tokens(answered, "cache_read", usage.cacheRead());
    tokens(answered, "cache_write", usage.cacheWrite());
    tokens(answered, "output", usage.outputText());
    tokens(answered, "reasoning", usage.outputReasoning());
  }

  private static String name(PriorityClass priority) {
    return priority.name().toLowerCase(Locale.ROOT);
  }

  /** A label out of a bounded set: there may be any number of projects. */
  private String project(Call call) {
    Identity identity = call.meter().identity();
    return identity == null
        ? "none"
        : projects.contains(identity.project()) ? identity.project() : "other";
  }

  private void tokens(Tags answered, String kind, int count) {
    registry.counter("llm_tokens_total", answered.and("kind", kind)).increment(count);
  }

  private void time(String name, Tags tags, @Nullable Duration value) {
    if (value != null) {
      List<String> key = new ArrayList<>(5);
      key.add(name);
      tags.forEach(tag -> key.add(tag.getValue()));
      timers
          .computeIfAbsent(
              key,
              _ ->
                  Timer.builder(name).tags(tags).serviceLevelObjectives(BUCKETS).register(registry))
          .record(value);
    }
  }

  /** All figures in the text format of Prometheus. */
  String scrape() {
    return registry.scrape();
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }
}
