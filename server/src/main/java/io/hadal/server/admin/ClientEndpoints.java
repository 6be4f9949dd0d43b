package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.server.connect.Client;
import io.hadal.server.connect.FileEdit;
import io.hadal.server.connect.HomeFolder;
import io.hadal.server.connect.Setup;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Settings of programs that use this server: what {@code hadal connect} writes, to be pasted. */
public final class ClientEndpoints implements EndpointGroup {
  /** Stands for the key, which is nobody's business here; whoever shows the text puts it in. */
  static final String KEY = "sk-YOUR-KEY";

  private static final int CONTEXT = 131_072;

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/client-setups",
            Permission.read(Resource.PROJECT),
            "Settings of coding agents, editors and SDKs for ?url, ?model and ?context; "
                + KEY
                + " stands for the key",
            this::list));
  }

  private JsonNode list(AdminCall call) {
    String url = call.query("url");
    String model = call.query("model");
    String context = call.query("context");
    if (context != null && !context.matches("[1-9][0-9]{0,8}")) {
      throw Problem.invalid("context", "must be a whole number of tokens");
    }
    io.hadal.server.connect.Endpoint endpoint;
    try {
      endpoint =
          new io.hadal.server.connect.Endpoint(
              url == null ? "http://127.0.0.1:8080" : url,
              model == null || model.isEmpty() ? "MODEL" : model,
              context == null ? CONTEXT : Integer.parseInt(context),
              KEY);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid("url", "or model: " + e.getMessage());
    }
    ObjectNode answer = AdminJson.object().put("key", KEY);
    ArrayNode data = answer.putArray("data");
    for (Client client : Client.values()) {
      Setup setup = client.setup(endpoint, HomeFolder.described());
      ObjectNode one = data.addObject().put("id", client.id()).put("name", client.displayName());
      ArrayNode files = one.putArray("files");
      for (FileEdit edit : setup.edits()) {
        files
            .addObject()
            .put("file", edit.file().toString().replace('\\', '/'))
            .put("text", edit.after());
      }
      ArrayNode start = one.putArray("start");
      setup.start().forEach(start::add);
    }
    return answer.putNull("next");
  }
}
