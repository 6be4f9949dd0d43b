package io.hadal.server.routing.convert;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Turns a request of Chat Completions into one of Messages. What it cannot say is a problem. */
public final class ChatToMessages {
  /** Messages wants a limit; this one holds when the client has none. */
  private static final int USUAL_MAX_TOKENS = 8192;

  private static final Set<String> READ =
      Set.of(
          "model",
          "messages",
          "stream",
          "stream_options",
          "max_tokens",
          "max_completion_tokens",
          "temperature",
          "top_p",
          "top_k",
          "stop",
          "tools",
          "tool_choice",
          "parallel_tool_calls",
          "response_format",
          "thinking",
          "reasoning_effort",
          "user");

  /** What cannot be left out without changing the answer. */
  private static final List<String> INEXPRESSIBLE =
      List.of(
          "seed",
          "logit_bias",
          "functions",
          "function_call",
          "audio",
          "min_p",
          "repetition_penalty",
          "guided_json",
          "guided_regex",
          "guided_choice",
          "guided_grammar",
          "grammar",
          "json_schema",
          "structured_outputs",
          "web_search_options");

  private final Source request;
  private final ObjectNode out = JsonNodeFactory.instance.objectNode();
  private final List<String> ignored = new ArrayList<>();

  private ChatToMessages(Source request) {
    this.request = request;
  }

  /**
   * The request in the other dialect.
   *
   * @param model name of the model at the upstream
   * @throws Problem when a field cannot be expressed; it names the field
   */
  public static Converted convert(JsonNode request, String model) {
    ChatToMessages converter = new ChatToMessages(new Source(request, ""));
    converter.out.put("model", model);
    converter.run();
    return new Converted(converter.out, converter.ignored);
  }

  private void run() {
    for (String name : INEXPRESSIBLE) {
      if (request.has(name)) {
        throw request.inexpressible(name);
      }
    }
    for (String name : List.of("frequency_penalty", "presence_penalty")) {
      JsonNode value = request.get(name);
      if (value != null && value.asDouble(1) != 0) {
        throw request.inexpressible(name);
      }
    }
    JsonNode choices = request.get("n");
    if (choices != null && choices.asInt(2) != 1) {
      throw request.inexpressible("n");
    }
    if (request.isTrue("logprobs")) {
      throw request.inexpressible("logprobs");
    }
    Set<String> known = new HashSet<>(READ);
    known.addAll(List.of("n", "logprobs", "frequency_penalty", "presence_penalty"));
    ignored.addAll(request.others(known));
    JsonNode most =
        request.has("max_completion_tokens")
            ? request.get("max_completion_tokens")
            : request.get("max_tokens");
    out.put("max_tokens", most == null ? USUAL_MAX_TOKENS : most.asInt(USUAL_MAX_TOKENS));
    messages();
    copy("temperature");
    JsonNode temperature = request.get("temperature");
    if (temperature != null && temperature.asDouble(0) > 1) {
      throw request.inexpressible("temperature");
    }
    copy("top_p");
    copy("top_k");
    stops();
    tools();
    toolChoice();
    format();
    thinking();
    if (request.isTrue("stream")) {
      out.put("stream", true);
    }
  }

  private void copy(String name) {
    JsonNode value = request.get(name);
    if (value != null) {
      out.set(name, value);
    }
  }

  private void stops() {
    JsonNode stop = request.get("stop");
    if (stop == null) {
      return;
    }
    ArrayNode stops = out.putArray("stop_sequences");
    if (stop.isString()) {
      stops.add(stop);
    } else {
      stop.forEach(stops::add);
    }
  }

  private void messages() {
    List<Source> messages = request.objects("messages");
    if (messages.isEmpty()) {
      throw Problem.missing("messages");
    }
    StringBuilder system = new StringBuilder();
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    ArrayNode results = null;
    for (Source message : messages) {
      String role = message.required("role");
      if (role.equals("tool")) {
        if (results == null) {
          results = list.addObject().put("role", "user").putArray("content");
        }
        result(message, results);
        continue;
      }
      results = null;
      switch (role) {
        case "system", "developer" -> {
          if (list.isEmpty()) {
            system.append(system.isEmpty() ? "" : "\n\n").append(plain(message));
          } else {
            list.addObject().put("role", "system").put("content", plain(message));
          }
        }
        case "user" -> content(message, list.addObject().put("role", "user"));
        case "assistant" -> assistant(message, list.addObject().put("role", "assistant"));
        default -> throw message.inexpressible("role");
      }
    }
    if (!system.isEmpty()) {
      out.put("system", system.toString());
    }
    out.set("messages", list);
  }

  private static String plain(Source message) {
    JsonNode content = message.get("content");
    if (content == null || content.isString()) {
      return content == null ? "" : content.stringValue();
    }
    StringBuilder text = new StringBuilder();
    for (Source part : message.objects("content")) {
      if (!"text".equals(part.text("type"))) {
        throw part.inexpressible("type");
      }
      text.append(text.isEmpty() ? "" : "\n\n").append(part.required("text"));
    }
    return text.toString();
  }

  private static void content(Source message, ObjectNode to) {
    JsonNode content = message.get("content");
    if (content == null) {
      throw Problem.missing(message.at("content"));
    }
    if (content.isString()) {
      to.set("content", content);
      return;
    }
    ArrayNode blocks = to.putArray("content");
    for (Source part : message.objects("content")) {
      switch (part.required("type")) {
        case "text" -> blocks.addObject().put("type", "text").put("text", part.required("text"));
        case "image_url" ->
            image(
                part.requiredObject("image_url"),
                blocks.addObject().put("type", "image").putObject("source"));
        default -> throw part.inexpressible("type");
      }
    }
  }

  private static void image(Source image, ObjectNode source) {
    String url = image.required("url");
    if (!url.startsWith("data:")) {
      source.put("type", "url").put("url", url);
      return;
    }
    int comma = url.indexOf(',');
    String head = comma < 0 ? "" : url.substring(5, comma);
    if (!head.endsWith(";base64")) {
      throw Problem.invalid(image.at("url"), "must be an http(s) URL or base64 data");
    }
    source
        .put("type", "base64")
        .put("media_type", head.substring(0, head.length() - 7))
        .put("data", url.substring(comma + 1));
  }

  private void assistant(Source message, ObjectNode to) {
    ArrayNode blocks = to.putArray("content");
    if (message.has("reasoning_content") || message.has("reasoning")) {
      // Without the upstream's signature it would be refused.
      ignored.add(message.at("reasoning_content"));
    }
    String text = plain(message);
    if (text.isEmpty() && message.text("refusal") != null) {
      text = message.required("refusal");
    }
    if (!text.isEmpty()) {
      blocks.addObject().put("type", "text").put("text", text);
    }
    for (Source call : message.objects("tool_calls")) {
      if (!"function".equals(call.has("type") ? call.text("type") : "function")) {
        throw call.inexpressible("type");
      }
      Source function = call.requiredObject("function");
      ObjectNode block =
          blocks
              .addObject()
              .put("type", "tool_use")
              .put("id", ToolCallIds.upstream(call.required("id"), "call_"))
              .put("name", function.required("name"));
      block.set("input", arguments(function));
    }
    if (blocks.isEmpty()) {
      to.put("content", "");
    }
  }

  private static JsonNode arguments(Source function) {
    String text = function.text("arguments");
    if (text == null || text.isBlank()) {
      return JsonNodeFactory.instance.objectNode();
    }
    try {
      JsonNode json = Json.parse(text.getBytes(StandardCharsets.UTF_8), "arguments");
      if (json.isObject()) {
        return json;
      }
    } catch (FormatException e) {
      // Said below.
    }
    throw Problem.invalid(function.at("arguments"), "must be the text of a JSON object");
  }

  private static void result(Source message, ArrayNode results) {
    ObjectNode block =
        results
            .addObject()
            .put("type", "tool_result")
            .put("tool_use_id", ToolCallIds.upstream(message.required("tool_call_id"), "call_"));
    content(message, block);
  }

  private void tools() {
    List<Source> tools = request.objects("tools");
    if (tools.isEmpty()) {
      return;
    }
    ArrayNode list = out.putArray("tools");
    for (Source tool : tools) {
      if (!"function".equals(tool.text("type"))) {
        throw tool.inexpressible("type");
      }
      Source function = tool.requiredObject("function");
      ObjectNode to = list.addObject().put("name", function.required("name"));
      String description = function.text("description");
      if (description != null) {
        to.put("description", description);
      }
      JsonNode schema = function.get("parameters");
      if (schema == null) {
        to.putObject("input_schema").put("type", "object").putObject("properties");
      } else {
        to.set("input_schema", schema);
      }
      if (function.isTrue("strict")) {
        to.put("strict", true);
      }
    }
  }

  private void toolChoice() {
    JsonNode choice = request.get("tool_choice");
    JsonNode parallel = request.get("parallel_tool_calls");
    boolean one = parallel != null && parallel.isBoolean() && !parallel.booleanValue();
    if (!request.has("tools") || (choice == null && !one)) {
      return;
    }
    ObjectNode to = out.putObject("tool_choice");
    if (choice != null && choice.isObject()) {
      Source named = new Source(choice, "tool_choice");
      if (!"function".equals(named.text("type"))) {
        throw named.inexpressible("type");
      }
      to.put("type", "tool").put("name", named.requiredObject("function").required("name"));
    } else {
      String text = choice == null ? "auto" : choice.asString("");
      to.put(
          "type",
          switch (text) {
            case "auto", "none" -> text;
            case "required", "any" -> "any";
            default -> throw request.inexpressible("tool_choice");
          });
    }
    if (one && !"none".equals(to.get("type").stringValue())) {
      to.put("disable_parallel_tool_use", true);
    }
  }

  private void format() {
    Source format = request.object("response_format");
    if (format == null || "text".equals(format.text("type"))) {
      return;
    }
    if (!"json_schema".equals(format.text("type"))) {
      throw format.inexpressible("type");
    }
    JsonNode schema = format.requiredObject("json_schema").get("schema");
    if (schema == null) {
      throw Problem.missing("response_format.json_schema.schema");
    }
    config().putObject("format").put("type", "json_schema").set("schema", schema);
  }

  private ObjectNode config() {
    return out.get("output_config") instanceof ObjectNode known
        ? known
        : out.putObject("output_config");
  }

  private void thinking() {
    String effort = request.text("reasoning_effort");
    Source given = request.object("thinking");
    @Nullable String type = given == null ? null : given.text("type");
    if ("disabled".equals(type) || (type == null && "none".equals(effort))) {
      out.putObject("thinking").put("type", "disabled");
      return;
    }
    if (type != null || effort != null) {
      out.putObject("thinking").put("type", "adaptive");
    }
    if (effort != null && !effort.equals("none")) {
      config().put("effort", effort.equals("minimal") ? "low" : effort);
    }
  }
}
