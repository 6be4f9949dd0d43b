package io.hadal.server.admin;

import io.hadal.platform.tenancy.Permission;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.routing.BackendState;
import io.hadal.server.routing.Router;
import io.hadal.server.routing.config.RouteConfig;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Upstreams, how they are, and the routes over them. Keys appear as numbers. */
public final class BackendEndpoints implements EndpointGroup {
  private static final Permission READ = Permission.read(Permission.Resource.BACKEND);
  private static final Permission WRITE = Permission.write(Permission.Resource.BACKEND);

  private final Router router;

  public BackendEndpoints(Router router) {
    this.router = router;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint("GET", "/backends", READ, "Lists upstreams and how they are", this::list),
        new Endpoint("GET", "/backends/{name}", READ, "Shows an upstream", this::get),
        new Endpoint(
                "POST", "/backends/{name}/probe", WRITE, "Looks at an upstream now", this::probe)
            .apart(),
        new Endpoint("GET", "/routes", READ, "Lists routes of models to upstreams", this::routes));
  }

  private JsonNode list(AdminCall call) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode data = json.putArray("data");
    router.states().forEach(state -> data.add(json(state)));
    return json.putNull("next");
  }

  private JsonNode get(AdminCall call) {
    String name = call.path("name");
    return router.states().stream()
        .filter(state -> state.name().equals(name))
        .findFirst()
        .map(BackendEndpoints::json)
        .orElseThrow(() -> HttpProblem.notFound("This upstream"));
  }

  private JsonNode probe(AdminCall call) {
    BackendState state = router.probe(call.path("name"));
    if (state == null) {
      throw HttpProblem.notFound("This upstream");
    }
    return json(state);
  }

  private JsonNode routes(AdminCall call) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode data = json.putArray("data");
    for (RouteConfig route : router.config().routes()) {
      ObjectNode item =
          data.addObject()
              .put("model", route.model())
              .put("strategy", route.strategy().name().toLowerCase(Locale.ROOT));
      route.upstreams().forEach(item.putArray("upstreams")::add);
      item.put("fallback", route.fallback()).put("provider_object", route.providerObject());
    }
    return json.putNull("next");
  }

  private static ObjectNode json(BackendState state) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("name", state.name())
            .put("url", state.url().toString())
            .put("format", state.format())
            .put("region", state.region())
            .put("zdr", state.zdr())
            .put("baa", state.baa())
            .put("state", state.up() ? "up" : "down")
            .put("since", time(state.since()))
            .put("last_probe", time(state.lastProbe()))
            .put("last_problem", state.lastProblem().isEmpty() ? null : state.lastProblem())
            .put("active_requests", state.active());
    ArrayNode keys = json.putArray("keys");
    for (int i = 0; i < state.keys().size(); i++) {
      keys.addObject().put("number", i).put("state", state.keys().get(i));
    }
    ArrayNode models = json.putArray("models");
    state
        .lanes()
        .forEach(
            (name, lane) -> {
              ObjectNode model =
                  models.addObject().put("name", name).put("breaker", lane.breaker());
              known(model, "failure_percent", lane.failurePercent());
              known(model, "first_token_millis", lane.firstTokenMillis());
              known(model, "token_micros", lane.tokenMicros());
              model.put("cache_hit_ratio", lane.cacheHit());
            });
    return json;
  }

  private static void known(ObjectNode json, String name, double value) {
    if (value < 0) {
      json.putNull(name);
    } else {
      json.put(name, value);
    }
  }

  private static @Nullable String time(long millis) {
    return millis == 0 ? null : Instant.ofEpochMilli(millis).toString();
  }
}
