package io.hadal.server.routing.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What answers to names of models.
 *
 * @param model a name, or a pattern with one *
 * @param upstreams names of upstreams, in the operator's order
 * @param fallback name of the model to use when no upstream could answer; null for none
 * @param providerObject whether requests may choose among the upstreams with {@code provider}
 */
public record RouteConfig(
    String model,
    Strategy strategy,
    List<String> upstreams,
    @Nullable String fallback,
    boolean providerObject) {
  public RouteConfig {
    upstreams = List.copyOf(upstreams);
  }
}
