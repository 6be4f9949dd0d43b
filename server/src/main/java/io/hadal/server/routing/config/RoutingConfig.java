package io.hadal.server.routing.config;

import io.hadal.formats.FormatException;
import io.hadal.server.config.Section;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Other providers and replicas, and which models they answer for (platform specification, 2.8).
 *
 * @param folder where relative paths of keys begin
 */
public record RoutingConfig(List<UpstreamConfig> upstreams, List<RouteConfig> routes, Path folder) {
  /** Everything is answered by this process. */
  public static final RoutingConfig NONE = new RoutingConfig(List.of(), List.of(), Path.of(""));

  /** In a route: all engine nodes that have the model. */
  public static final String ENGINES = "engines";

  private static final int MOST_UPSTREAMS = 256;
  private static final int MOST_ROUTES = 4096;

  public RoutingConfig {
    upstreams = List.copyOf(upstreams);
    routes = List.copyOf(routes);
  }

  /**
   * Reads {@code upstreams} and {@code routes}.
   *
   * @param folder where relative paths of keys begin
   * @throws FormatException when a field is unknown or wrong, or a route names nothing
   */
  public static RoutingConfig read(Section top, Path folder) {
    List<UpstreamConfig> upstreams =
        top.sections("upstreams", MOST_UPSTREAMS).stream().map(UpstreamConfig::read).toList();
    Set<String> names = new HashSet<>();
    for (UpstreamConfig upstream : upstreams) {
      if (!names.add(upstream.name())) {
        throw top.broken("upstreams", "has the name " + upstream.name() + " twice");
      }
    }
    List<RouteConfig> routes = new ArrayList<>();
    Set<String> models = new HashSet<>();
    for (Section section : top.sections("routes", MOST_ROUTES)) {
      RouteConfig route = route(section, names);
      if (!models.add(route.model())) {
        throw section.broken("model", "has a route already: " + route.model());
      }
      routes.add(route);
    }
    if (upstreams.isEmpty() && routes.isEmpty()) {
      return NONE;
    }
    RoutingConfig config = new RoutingConfig(upstreams, routes, folder);
    config.requireEndingFallbacks(top);
    return config;
  }

  private static RouteConfig route(Section section, Set<String> upstreams) {
    String model = section.required("model");
    if (model.length() > 256 || model.indexOf('*') != model.lastIndexOf('*')) {
      throw section.broken("model", "must be a name, or a pattern with one *");
    }
    List<String> names = section.texts("upstreams");
    if (names.isEmpty()) {
      throw section.broken("upstreams", "is required");
    }
    for (String name : names) {
      if (!upstreams.contains(name) && !name.equals(ENGINES)) {
        throw section.broken("upstreams", "names " + name + ", which is no upstream");
      }
    }
    RouteConfig route =
        new RouteConfig(
            model,
            section.choice("strategy", Strategy.PRIORITY),
            names,
            section.text("fallback"),
            section.flag("provider_object", true));
    section.requireKnown();
    return route;
  }

  private void requireEndingFallbacks(Section top) {
    for (RouteConfig start : routes) {
      Set<String> seen = new HashSet<>();
      RouteConfig route = start;
      while (route != null && route.fallback() != null) {
        if (!seen.add(route.model())) {
          throw top.broken("routes", "fall back in a circle from " + start.model());
        }
        route = route(route.fallback());
      }
    }
  }

  /**
   * The route of a name: that of the name itself, else the longest pattern; else, when upstreams
   * name the model, one over them; else, when upstreams that are in no route have a pattern for it,
   * one over them; null when there is none.
   */
  public @Nullable RouteConfig route(String model) {
    RouteConfig best = explicit(model);
    if (best != null) {
      return best;
    }
    List<String> named =
        upstreams.stream()
            .filter(u -> u.models().containsKey(model) && !NamePattern.isPattern(model))
            .map(UpstreamConfig::name)
            .toList();
    return named.isEmpty() ? fitting(model) : over(model, named);
  }

  /** Whoever puts an upstream into a route says what it is for. */
  private @Nullable RouteConfig fitting(String model) {
    List<String> found =
        upstreams.stream()
            .filter(u -> !u.models().isEmpty() && u.model(model) != null)
            .map(UpstreamConfig::name)
            .filter(name -> routes.stream().noneMatch(route -> route.upstreams().contains(name)))
            .toList();
    return found.isEmpty() ? null : over(model, found);
  }

  private static RouteConfig over(String model, List<String> upstreams) {
    return new RouteConfig(model, Strategy.PRIORITY, upstreams, null, true);
  }

  /** The route that was written down for a name; null when there is none. */
  public @Nullable RouteConfig explicit(String model) {
    RouteConfig best = null;
    for (RouteConfig route : routes) {
      if (route.model().equals(model)) {
        return route;
      }
      boolean longer = best == null || route.model().length() > best.model().length();
      if (longer
          && NamePattern.isPattern(route.model())
          && NamePattern.match(route.model(), model) != null) {
        best = route;
      }
    }
    return best;
  }

  /** Names of models that clients can be told of, with what answers first. */
  public Map<String, UpstreamModel> models() {
    Map<String, UpstreamModel> models = new LinkedHashMap<>();
    for (RouteConfig route : routes) {
      for (UpstreamConfig upstream : upstreams) {
        if (route.upstreams().contains(upstream.name())) {
          add(route.model(), upstream, models);
        }
      }
    }
    for (UpstreamConfig upstream : upstreams) {
      upstream.models().keySet().forEach(name -> add(name, upstream, models));
    }
    return models;
  }

  private static void add(String name, UpstreamConfig upstream, Map<String, UpstreamModel> models) {
    UpstreamModel model = NamePattern.isPattern(name) ? null : upstream.model(name);
    if (model != null) {
      models.putIfAbsent(name, model);
    }
  }
}
