package io.hadal.server.admin;

import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.platform.tenancy.Permissions;
import io.hadal.platform.tenancy.Place;
import io.hadal.server.explain.CacheExplainer;
import io.hadal.server.explain.CacheMiss;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Why prompts were not in the cache, by conversation; lengths and hashes, no content. */
public final class CacheEndpoints implements EndpointGroup {
  private static final Permission READ = Permission.read(Resource.REQUEST);

  private final CacheExplainer explainer;

  public CacheEndpoints(CacheExplainer explainer) {
    this.explainer = explainer;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/cache-explanations",
            READ,
            "How the newest prompts at this node differ from those before them, of a ?project,"
                + " ?session or ?request",
            this::list));
  }

  @Override
  public Place place(Endpoint endpoint, AdminCall call) {
    return Place.ANYWHERE;
  }

  private JsonNode list(AdminCall call) {
    String project = call.query("project");
    String session = call.query("session");
    String request = call.query("request");
    ObjectNode answer = AdminJson.object();
    ArrayNode data = answer.putArray("data");
    explainer
        .entries(
            entry ->
                (project == null || project.equals(entry.place().project()))
                    && (session == null || session.equals(entry.session()))
                    && (request == null || request.equals(entry.requestId()))
                    && Permissions.reach(call.actor(), READ, entry.place())
                        != Permissions.Reach.NONE,
            AdminLists.limit(call))
        .forEach(entry -> put(data.addObject(), entry));
    return answer.putNull("next");
  }

  private static void put(ObjectNode node, CacheExplainer.Entry entry) {
    CacheMiss miss = entry.miss();
    node.put("at", AdminJson.time(entry.at()))
        .put("request_id", entry.requestId())
        .put("project", entry.place().project())
        .put("session", entry.session())
        .put("model", entry.model())
        .put("cause", miss.cause())
        .put("part", miss.position())
        .put("kind", miss.kind())
        .put("same_characters", miss.sameCharacters())
        .put("prompt_tokens", entry.promptTokens())
        .put("cached_tokens", entry.cached());
    side(node, "before", miss.beforeHash(), miss.beforeCharacters());
    side(node, "after", miss.afterHash(), miss.afterCharacters());
  }

  private static void side(ObjectNode node, String name, @Nullable String hash, long characters) {
    if (hash == null) {
      node.putNull(name);
    } else {
      node.putObject(name).put("hash", hash).put("characters", characters);
    }
  }
}
