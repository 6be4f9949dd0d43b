package io.hadal.server.admin;

import io.hadal.platform.cluster.ConfigMark;
import io.hadal.platform.cluster.Engine;
import io.hadal.platform.cluster.Member;
import io.hadal.platform.cluster.Nodes;
import io.hadal.platform.tenancy.Permission;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The processes that share the database. */
public final class NodeEndpoints implements EndpointGroup {
  private final @Nullable Nodes nodes;
  private final BooleanSupplier leader;

  /**
   * Endpoints of a node.
   *
   * @param nodes null when the database is not shared
   * @param leader whether this one does what only one has to do
   */
  public NodeEndpoints(@Nullable Nodes nodes, BooleanSupplier leader) {
    this.nodes = nodes;
    this.leader = leader;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/nodes",
            Permission.read(Permission.Resource.BACKEND),
            "Lists the processes that share the database, with their load",
            call -> list()));
  }

  private JsonNode list() {
    ObjectNode json = AdminJson.object();
    ArrayNode data = json.putArray("data");
    if (nodes != null) {
      List<Member> differing = nodes.differing();
      for (Member member : nodes.members()) {
        ObjectNode one = json(member, member.incarnation().equals(nodes.incarnation()));
        ConfigMark config = member.config();
        data.add(
            one.put("config_hash", config == null ? null : config.hash())
                .put("config_differs", differing.contains(member))
                .put("config_needs_restart", config != null && config.pending()));
      }
    }
    return json.putNull("next");
  }

  private ObjectNode json(Member member, boolean self) {
    Engine engine = member.engine();
    ObjectNode json =
        AdminJson.object()
            .put("name", member.name())
            .put("role", engine == null ? "gateway" : "engine")
            .put("self", self)
            .put("state", member.load().draining() ? "draining" : "up")
            .put("running", member.load().running())
            .put("waiting", member.load().waiting())
            .put("started_at", AdminJson.time(member.startedAt()))
            .put("renewed_at", AdminJson.time(member.renewedAt()));
    if (self) {
      json.put("leader", leader.getAsBoolean());
    }
    if (engine != null) {
      json.put("address", engine.address())
          .put("version", engine.version())
          .put("context", engine.context())
          .put("weight", engine.weight())
          .put("region", engine.region())
          .put("knows_prompts", !member.digest().isEmpty());
      engine.models().forEach(json.putArray("models")::add);
    }
    return json;
  }
}
