package io.hadal.server.admin;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/** The description of the API, from its endpoints alone: OpenAPI 3.1. */
final class OpenApi {
  private static final TypeTable ANSWERS = new TypeTable("answers.yaml");

  /** Calls that answer with files. */
  private static final Map<String, String> OTHERS =
      Map.of("GET /audit/export", "application/x-ndjson", "GET /usage/export", "text/csv");

  private OpenApi() {}

  static ObjectNode document(List<AdminApi.Mounted> mounted) {
    ObjectNode root = AdminJson.object();
    root.put("openapi", "3.1.0");
    root.putObject("info").put("title", "Hadal administration").put("version", "1");
    root.putArray("servers").addObject().put("url", AdminApi.PREFIX);
    ObjectNode paths = root.putObject("paths");
    TreeMap<String, ObjectNode> byPath = new TreeMap<>();
    for (AdminApi.Mounted one : mounted) {
      ObjectNode path = byPath.computeIfAbsent(one.pattern().toString(), p -> AdminJson.object());
      path.set(one.method().toLowerCase(Locale.ROOT), operation(one));
    }
    byPath.forEach(paths::set);
    ObjectNode components = root.putObject("components");
    components(components);
    components.set("schemas", ANSWERS.schemas());
    return root;
  }

  private static ObjectNode operation(AdminApi.Mounted one) {
    Endpoint guarded = one.guarded();
    OpenEndpoint open = one.open();
    ObjectNode operation = AdminJson.object();
    operation.put("operationId", id(one));
    operation.put(
        "summary", guarded != null ? guarded.summary() : open == null ? "" : open.summary());
    operation.putArray("tags").add(one.pattern().toString().split("/")[1]);
    var parameters = operation.putArray("parameters");
    for (String name : one.pattern().names()) {
      parameters
          .addObject()
          .put("name", name)
          .put("in", "path")
          .put("required", true)
          .set("schema", QueryFields.schema(name));
    }
    for (String name : QueryFields.of(one.method(), one.pattern().toString())) {
      parameters
          .addObject()
          .put("name", name)
          .put("in", "query")
          .put("required", false)
          .set("schema", QueryFields.schema(name));
    }
    if (one.changes() && !one.method().equals("DELETE")) {
      BodyFields fields = one.fields();
      operation
          .putObject("requestBody")
          .putObject("content")
          .putObject("application/json")
          .set("schema", fields == null ? AdminJson.object() : fields.schema());
    }
    ObjectNode responses = operation.putObject("responses");
    answers(responses, one, open == null ? 200 : open.status());
    responses.putObject("default").put("$ref", "#/components/responses/error");
    var security = operation.putArray("security");
    if (open == null || open.signedIn()) {
      security.addObject().putArray("key");
      security.addObject().putArray("session");
    }
    if (guarded != null) {
      operation.put(
          "x-permission",
          (guarded.permission().resource() + ":" + guarded.permission().verb())
              .toLowerCase(Locale.ROOT));
      if (one.changes()) {
        operation.put("x-audit", guarded.telling().name().toLowerCase(Locale.ROOT));
      }
    }
    return operation;
  }

  private static void answers(ObjectNode responses, AdminApi.Mounted one, int status) {
    ObjectNode answer = responses.putObject(Integer.toString(status));
    ObjectNode schema = ANSWERS.of(one.method(), one.pattern().toString());
    String other = OTHERS.get(one.method() + " " + one.pattern());
    if (status != 200) {
      answer.put("description", "Goes elsewhere");
    } else if (schema != null) {
      answer.put("description", "The answer");
      answer.putObject("content").putObject("application/json").set("schema", schema);
    } else if (other != null) {
      answer.put("description", "A file");
      answer.putObject("content").putObject(other).putObject("schema").put("type", "string");
    } else {
      responses.remove("200");
      responses.putObject("204").put("description", "It is done");
    }
  }

  private static String id(AdminApi.Mounted one) {
    return one.method().toLowerCase(Locale.ROOT)
        + one.pattern().toString().replaceAll("[{}]", "").replaceAll("[^a-z0-9]+", "_");
  }

  private static void components(ObjectNode components) {
    ObjectNode schemes = components.putObject("securitySchemes");
    schemes
        .putObject("key")
        .put("type", "http")
        .put("scheme", "bearer")
        .put("description", "A key with the scope admin:*");
    schemes
        .putObject("session")
        .put("type", "apiKey")
        .put("in", "cookie")
        .put("name", AdminCaller.COOKIE)
        .put(
            "description",
            "A session; calls that change something send its csrf_token as " + AdminCaller.CSRF);
    ObjectNode error = components.putObject("responses").putObject("error");
    error.put("description", "An error");
    ObjectNode schema =
        error.putObject("content").putObject("application/json").putObject("schema");
    schema.put("type", "object").putArray("required").add("error");
    ObjectNode body = schema.putObject("properties").putObject("error");
    body.put("type", "object");
    body.putArray("required").add("message").add("type").add("param").add("code");
    ObjectNode fields = body.putObject("properties");
    fields.putObject("message").put("type", "string");
    fields.putObject("type").put("type", "string");
    fields.putObject("code").put("type", "string");
    fields.putObject("param").putArray("type").add("string").add("null");
  }
}
