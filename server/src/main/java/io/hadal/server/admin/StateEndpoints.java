package io.hadal.server.admin;

import io.hadal.engine.serving.DispatcherStats;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.server.http.HttpProblem;
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
  private final Supplier<@Nullable Runnable> reload;
  private final Supplier<@Nullable Runnable> stop;

  /**
   * Endpoints of a server.
   *
   * @param stats null for a server without a model
   * @param active requests being answered
   * @param config the configuration in effect and its reloads, without secrets
   * @param reload reads the configuration again; none where there is nothing to read
   * @param stop lets the process end in order; none where somebody else decides
   */
  public StateEndpoints(
      @Nullable Supplier<DispatcherStats> stats,
      IntSupplier active,
      Supplier<JsonNode> config,
      Supplier<@Nullable Runnable> reload,
      Supplier<@Nullable Runnable> stop) {
    this.stats = stats;
    this.active = active;
    this.config = config;
    this.reload = reload;
    this.stop = stop;
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
            call -> config.get()),
        new Endpoint(
                "POST",
                "/config/reload",
                Permission.write(Resource.CONFIG),
                "Reads the configuration file again; the answer says what changed, or why nothing did",
                call -> reload())
            .apart(),
        new Endpoint(
                "POST",
                "/drain",
                Permission.write(Resource.CONFIG),
                "Takes no more requests, lets running ones finish and ends the process",
                call -> drain())
            .apart());
  }

  private JsonNode reload() {
    Runnable again = reload.get();
    if (again == null) {
      throw HttpProblem.notFound("A configuration file");
    }
    again.run();
    return config.get().path("reloads").path(0);
  }

  private JsonNode drain() {
    Runnable end = stop.get();
    if (end == null) {
      throw HttpProblem.notFound("A way to end this process");
    }
    end.run();
    return JsonNodeFactory.instance.objectNode().put("draining", true);
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
