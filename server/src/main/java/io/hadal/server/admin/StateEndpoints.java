package io.hadal.server.admin;

import io.hadal.engine.serving.DispatcherStats;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import java.util.List;
import java.util.Locale;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What the server does at this moment, and how it is set up. */
public final class StateEndpoints implements EndpointGroup {
  private final @Nullable Supplier<DispatcherStats> stats;
  private final IntSupplier active;
  private final Supplier<JsonNode> config;

  /**
   * Endpoints of a server.
   *
   * @param stats null for a server without a model
   * @param active requests being answered
   * @param config the configuration in effect and its reloads, without secrets
   */
  public StateEndpoints(
      @Nullable Supplier<DispatcherStats> stats, IntSupplier active, Supplier<JsonNode> config) {
    this.stats = stats;
    this.active = active;
    this.config = config;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/overview",
            Permission.read(Resource.USAGE),
            "Queue, batch, speed and caches of the engine at this moment",
            call -> overview()),
        new Endpoint(
            "GET",
            "/config",
            Permission.read(Resource.CONFIG),
            "The configuration in effect, what of it was set, and its reloads, without secrets",
            call -> config.get()));
  }

  private JsonNode overview() {
    DispatcherStats now = stats == null ? DispatcherStats.NONE : stats.get();
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("active_requests", active.getAsInt())
            .put("running", now.running())
            .put("waiting", now.waiting().values().stream().mapToInt(Integer::intValue).sum())
            .put("batch_size", now.batch())
            .put("tokens_per_second", now.tokensPerSecond())
            .put("prefill_per_second", now.prefillPerSecond())
            .put("kv_cache_bytes", now.cacheBytes())
            .put("kv_cache_budget_bytes", now.cacheBudget())
            .put("prefix_memory_bytes", now.prefixMemoryBytes())
            .put("prefix_disk_bytes", now.prefixDiskBytes());
    ObjectNode queues = json.putObject("queues");
    now.waiting()
        .forEach((priority, count) -> queues.put(priority.name().toLowerCase(Locale.ROOT), count));
    return json;
  }
}
