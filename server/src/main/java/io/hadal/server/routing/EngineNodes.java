package io.hadal.server.routing;

import io.hadal.platform.SecretText;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.routing.config.RouteConfig;
import io.hadal.server.routing.config.RoutingConfig;
import io.hadal.server.routing.config.Strategy;
import io.hadal.server.routing.config.Timeouts;
import io.hadal.server.routing.config.UpstreamConfig;
import io.hadal.server.routing.config.UpstreamFormat;
import io.hadal.server.routing.config.UpstreamModel;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The engine nodes that this gateway knows (platform specification, 2.17), as upstreams. Requests
 * go to where their prompt is cached; a node that leaves or falls silent is out at once.
 */
final class EngineNodes {
  /** None. */
  static final EngineNodes NONE = new EngineNodes(Map.of());

  /** A node on the same network answers sooner than a provider does. */
  private static final Timeouts TIMEOUTS =
      new Timeouts(
          Duration.ofSeconds(1),
          Timeouts.DEFAULT.firstToken(),
          Timeouts.DEFAULT.idle(),
          Timeouts.DEFAULT.whole());

  private static final Set<Operation> SPEAKS =
      EnumSet.of(
          Operation.CHAT,
          Operation.COMPLETIONS,
          Operation.RESPONSES,
          Operation.MESSAGES,
          Operation.EMBEDDINGS);

  private final Map<String, Backend> backends;

  private EngineNodes(Map<String, Backend> backends) {
    this.backends = backends;
  }

  /**
   * These nodes from now on; those that stay the same keep what was learnt of them.
   *
   * @param credentials what a request shows a node
   */
  EngineNodes with(
      List<EngineNode> nodes,
      Duration breakerOpen,
      Function<RoutedRequest, SecretText> credentials) {
    Map<String, Backend> next = new LinkedHashMap<>();
    for (EngineNode node : nodes) {
      UpstreamConfig config = config(node);
      Backend known = backends.get(node.name());
      Backend backend =
          known != null && known.config().equals(config)
              ? known
              : new Backend(config, List.of(), breakerOpen);
      backend.node(node, credentials);
      next.put(node.name(), backend);
    }
    for (Backend before : backends.values()) {
      if (next.get(before.name()) != before) {
        before.http().retire();
      }
    }
    return new EngineNodes(next);
  }

  private static UpstreamConfig config(EngineNode node) {
    Map<String, UpstreamModel> models = new LinkedHashMap<>();
    for (String name : node.engine().models()) {
      models.put(name, new UpstreamModel(name, node.engine().context(), Set.of(), null));
    }
    return new UpstreamConfig(
        node.name(),
        URI.create(node.engine().address()),
        UpstreamFormat.OPENAI,
        List.of(),
        models,
        new UpstreamModel("*", 0, Set.of(), null),
        SPEAKS,
        node.engine().region(),
        true,
        true,
        TIMEOUTS,
        node.engine().weight(),
        0,
        Map.of(),
        2);
  }

  boolean isEmpty() {
    return backends.isEmpty();
  }

  Collection<Backend> all() {
    return backends.values();
  }

  @Nullable Backend find(String name) {
    return backends.get(name);
  }

  /** A route over all nodes that have a model; null when none has it. */
  @Nullable RouteConfig route(String model) {
    return has(model).isEmpty()
        ? null
        : new RouteConfig(model, Strategy.AFFINITY, List.of(RoutingConfig.ENGINES), null, true);
  }

  /** Nodes that have a model; those that take no more only when there are no others. */
  List<Backend> has(String model) {
    List<Backend> open = new ArrayList<>();
    List<Backend> draining = new ArrayList<>();
    for (Backend backend : backends.values()) {
      if (backend.config().models().containsKey(model)) {
        (backend.draining() ? draining : open).add(backend);
      }
    }
    return open.isEmpty() ? draining : open;
  }

  /** Names of models, with what the first node says of them. */
  void addModels(Map<String, UpstreamModel> models) {
    for (Backend backend : backends.values()) {
      backend.config().models().forEach(models::putIfAbsent);
    }
  }
}
