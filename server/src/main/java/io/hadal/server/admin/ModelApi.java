package io.hadal.server.admin;

import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The description of the APIs of models, what they take and what they answer: OpenAPI 3.1. */
public final class ModelApi {
  /** Path of the description. */
  public static final String PATH = "/openapi.json";

  private static final String JSON = "application/json";

  /** Summaries by path. */
  private static final Map<String, String> SUMMARIES =
      Map.ofEntries(
          Map.entry("/v1/chat/completions", "Chat Completions, as OpenAI and DeepSeek have them"),
          Map.entry("/v1/completions", "Completions, also between a prompt and a suffix"),
          Map.entry("/v1/responses", "Responses, as OpenAI has them"),
          Map.entry("/v1/responses/input_tokens", "Counts the tokens of a request of Responses"),
          Map.entry("/v1/messages", "Messages, as Anthropic has them"),
          Map.entry("/v1/messages/count_tokens", "Counts the tokens of a request of Messages"),
          Map.entry("/v1/embeddings", "Vectors of texts or token ids"),
          Map.entry("/v1/models", "Models that the key may use"),
          Map.entry("/v1/models/{model}", "A model; its name may have slashes"),
          Map.entry("/user/balance", "What the key's project has paid ahead"),
          Map.entry(
              "/user/usage",
              "What the key's project uses now, in this process; with ?hours of the last 1 to 168"
                  + " hours, too, in all"),
          Map.entry("/api/chat", "A chat for clients of Ollama"),
          Map.entry("/api/generate", "A text for clients of Ollama"),
          Map.entry("/api/show", "A model for clients of Ollama"),
          Map.entry("/api/embed", "Vectors for clients of Ollama"),
          Map.entry("/api/tags", "Models for clients of Ollama"),
          Map.entry("/api/ps", "Models in memory, for clients of Ollama"),
          Map.entry("/api/version", "The version, for clients of Ollama"));

  private ModelApi() {}

  /**
   * The description as JSON in UTF-8.
   *
   * @param version version of the server
   */
  public static byte[] document(String version) {
    TypeTable types = new TypeTable("models.yaml");
    TypeTable requests = new TypeTable("requests.yaml");
    ObjectNode root = AdminJson.object().put("openapi", "3.1.0");
    root.putObject("info").put("title", "Hadal, models").put("version", version);
    root.putArray("servers").addObject().put("url", "/");
    TreeMap<String, ObjectNode> paths = new TreeMap<>();
    for (String call : types.calls()) {
      String method = call.substring(0, call.indexOf(' '));
      String path = call.substring(method.length() + 1);
      paths
          .computeIfAbsent(path, p -> AdminJson.object())
          .set(method.toLowerCase(Locale.ROOT), operation(types, requests, method, path));
    }
    ObjectNode described = root.putObject("paths");
    paths.forEach(described::set);
    ObjectNode components = root.putObject("components");
    ObjectNode schemas = types.schemas();
    requests
        .schemas()
        .properties()
        .forEach(
            schema -> {
              if (schemas.replace(schema.getKey(), schema.getValue()) != null) {
                throw new IllegalStateException("two types " + schema.getKey());
              }
            });
    components.set("schemas", schemas);
    components
        .putObject("securitySchemes")
        .putObject("key")
        .put("type", "http")
        .put("scheme", "bearer");
    return AdminJson.answer(root);
  }

  private static ObjectNode operation(
      TypeTable types, TypeTable requests, String method, String path) {
    ObjectNode operation = AdminJson.object();
    operation.put("summary", SUMMARIES.get(path));
    operation.putArray("security").addObject().putArray("key");
    if (path.contains("{model}")) {
      operation
          .putArray("parameters")
          .addObject()
          .put("name", "model")
          .put("in", "path")
          .put("required", true)
          .putObject("schema")
          .put("type", "string")
          .put("minLength", 1);
    }
    if (method.equals("POST")) {
      operation
          .putObject("requestBody")
          .put("required", true)
          .putObject("content")
          .putObject(JSON)
          .set("schema", Objects.requireNonNull(requests.of(method, path), path));
    }
    ObjectNode answer = operation.putObject("responses").putObject("200");
    ObjectNode event = types.event(method, path);
    answer.put(
        "description",
        event == null ? "The answer" : "The answer, or a stream whose events have x-event-schema");
    ObjectNode content = answer.putObject("content");
    put(content.putObject(JSON), "schema", types.of(method, path));
    if (event != null) {
      ObjectNode stream =
          content.putObject(
              path.startsWith("/api/") ? "application/x-ndjson" : "text/event-stream");
      stream.putObject("schema").put("type", "string");
      put(stream, "x-event-schema", event);
    }
    return operation;
  }

  private static void put(ObjectNode node, String name, @Nullable ObjectNode value) {
    if (value != null) {
      node.set(name, value);
    }
  }
}
