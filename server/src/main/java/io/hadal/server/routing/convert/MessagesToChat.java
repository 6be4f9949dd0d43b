package io.hadal.server.routing.convert;

import io.hadal.chat.Problem;
import io.hadal.formats.Json;
import io.hadal.server.routing.config.UpstreamFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Turns a request of Messages into one of Chat Completions. What it cannot say is a problem. */
public final class MessagesToChat {
  private static final String ATTRIBUTION = "x-anthropic-billing-header:";

  private static final Set<String> READ =
      Set.of(
          "model",
          "messages",
          "system",
          "stream",
          "max_tokens",
          "temperature",
          "top_p",
          "top_k",
          "stop_sequences",
          "tools",
          "tool_choice",
          "thinking",
          "output_config",
          "output_format",
          "metadata",
          "cache_control",
          "context_management",
          "service_tier",
          "betas",
          "diagnostics");

  private final Source request;
  private final UpstreamFormat format;
  private final boolean thinks;
  private final UnaryOperator<@Nullable String> unseal;
  private final ObjectNode out = JsonNodeFactory.instance.objectNode();
  private final List<String> ignored = new ArrayList<>();

  private MessagesToChat(
      Source request,
      UpstreamFormat format,
      boolean thinks,
      UnaryOperator<@Nullable String> unseal) {
    this.request = request;
    this.format = format;
    this.thinks = thinks;
    this.unseal = unseal;
  }

  /**
   * The request in the other dialect.
   *
   * @param model name of the model at the upstream
   * @param limitName what the upstream calls the most tokens of an answer
   * @param thinks whether the upstream's model takes reasoning and efforts
   * @param unseal opens reasoning that we sealed; null for other texts
   * @throws Problem when a field cannot be expressed; it names the field
   */
  public static Converted convert(
      JsonNode request,
      String model,
      UpstreamFormat format,
      String limitName,
      boolean thinks,
      UnaryOperator<@Nullable String> unseal) {
    MessagesToChat converter = new MessagesToChat(new Source(request, ""), format, thinks, unseal);
    converter.out.put("model", model);
    converter.run(limitName);
    return new Converted(converter.out, converter.ignored);
  }

  private void run(String limitName) {
    for (String name : List.of("container", "mcp_servers")) {
      JsonNode value = request.get(name);
      if (value != null && !(value.isArray() && value.isEmpty())) {
        throw request.inexpressible(name);
      }
    }
    ignored.addAll(request.others(READ));
    JsonNode most = request.get("max_tokens");
    if (most == null) {
      throw Problem.missing("max_tokens");
    }
    out.set(limitName, most);
    ArrayNode messages = out.putArray("messages");
    system(messages);
    List<Source> given = request.objects("messages");
    if (given.isEmpty()) {
      throw Problem.missing("messages");
    }
    given.forEach(message -> message(message, messages));
    for (String name : List.of("temperature", "top_p", "top_k")) {
      JsonNode value = request.get(name);
      if (value != null) {
        out.set(name, value);
      }
    }
    JsonNode stops = request.get("stop_sequences");
    if (stops != null && !stops.isEmpty()) {
      out.set("stop", stops);
    }
    tools();
    toolChoice();
    thinking();
    output();
    if (request.isTrue("stream")) {
      out.put("stream", true).putObject("stream_options").put("include_usage", true);
    }
  }

  private void system(ArrayNode messages) {
    JsonNode system = request.get("system");
    if (system == null) {
      return;
    }
    StringBuilder text = new StringBuilder();
    if (system.isString()) {
      text.append(system.stringValue());
    } else {
      for (Source block : request.objects("system")) {
        String piece = block.required("text");
        // It differs from conversation to conversation and would spoil the prompt cache.
        if (!(text.isEmpty() && piece.startsWith(ATTRIBUTION))) {
          text.append(text.isEmpty() ? "" : "\n\n").append(piece);
        }
      }
    }
    if (!text.isEmpty()) {
      messages.addObject().put("role", "system").put("content", text.toString());
    }
  }

  private void message(Source message, ArrayNode messages) {
    switch (message.required("role")) {
      case "user" -> user(message, messages);
      case "assistant" -> assistant(message, messages.addObject().put("role", "assistant"));
      case "system" -> messages.addObject().put("role", "system").put("content", plain(message));
      default -> throw message.inexpressible("role");
    }
  }

  private static String plain(Source message) {
    JsonNode content = message.get("content");
    if (content == null || content.isString()) {
      return content == null ? "" : content.stringValue();
    }
    StringBuilder text = new StringBuilder();
    for (Source block : message.objects("content")) {
      text.append(text.isEmpty() ? "" : "\n\n").append(blockText(block));
    }
    return text.toString();
  }

  private static String blockText(Source block) {
    switch (block.required("type")) {
      case "text" -> {
        return block.required("text");
      }
      case "document" -> {
        Source source = block.requiredObject("source");
        if ("text".equals(source.text("type"))) {
          return source.required("data");
        }
        throw source.inexpressible("type");
      }
      case "search_result" -> {
        return plain(block);
      }
      default -> throw block.inexpressible("type");
    }
  }

  private static void user(Source message, ArrayNode messages) {
    JsonNode content = message.get("content");
    if (content == null) {
      throw Problem.missing(message.at("content"));
    }
    if (content.isString()) {
      messages.addObject().put("role", "user").set("content", content);
      return;
    }
    ArrayNode parts = JsonNodeFactory.instance.arrayNode();
    for (Source block : message.objects("content")) {
      switch (block.required("type")) {
        case "tool_result" ->
            messages
                .addObject()
                .put("role", "tool")
                .put("tool_call_id", ToolCallIds.upstream(block.required("tool_use_id"), "toolu_"))
                .put("content", plain(block));
        case "image" ->
            parts
                .addObject()
                .put("type", "image_url")
                .putObject("image_url")
                .put("url", image(block.requiredObject("source")));
        default -> parts.addObject().put("type", "text").put("text", blockText(block));
      }
    }
    if (parts.size() == 1 && parts.get(0).has("text")) {
      messages.addObject().put("role", "user").set("content", parts.get(0).get("text"));
    } else if (!parts.isEmpty()) {
      messages.addObject().put("role", "user").set("content", parts);
    }
  }

  private static String image(Source source) {
    return switch (source.required("type")) {
      case "url" -> source.required("url");
      case "base64" ->
          "data:" + source.required("media_type") + ";base64," + source.required("data");
      default -> throw source.inexpressible("type");
    };
  }

  private void assistant(Source message, ObjectNode to) {
    JsonNode content = message.get("content");
    if (content == null || content.isString()) {
      to.put("content", content == null ? "" : content.stringValue());
      return;
    }
    StringBuilder text = new StringBuilder();
    StringBuilder reasoning = new StringBuilder();
    ArrayNode calls = JsonNodeFactory.instance.arrayNode();
    for (Source block : message.objects("content")) {
      switch (block.required("type")) {
        case "thinking" -> {
          String thought = block.text("thinking");
          if (thought == null || thought.isEmpty()) {
            thought = unseal.apply(block.text("signature"));
          }
          reasoning.append(thought == null ? "" : thought);
        }
        case "redacted_thinking" -> ignored.add(block.at("data"));
        case "tool_use" -> {
          JsonNode input = block.get("input");
          calls
              .addObject()
              .put("id", ToolCallIds.upstream(block.required("id"), "toolu_"))
              .put("type", "function")
              .putObject("function")
              .put("name", block.required("name"))
              .put("arguments", input == null ? "{}" : Json.text(input));
        }
        default -> text.append(text.isEmpty() ? "" : "\n\n").append(blockText(block));
      }
    }
    if (text.isEmpty() && !calls.isEmpty()) {
      to.putNull("content");
    } else {
      to.put("content", text.toString());
    }
    if (!reasoning.isEmpty() && thinks) {
      to.put("reasoning_content", reasoning.toString());
    }
    if (!calls.isEmpty()) {
      to.set("tool_calls", calls);
    }
  }

  private void tools() {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    for (Source tool : request.objects("tools")) {
      String type = tool.has("type") ? tool.required("type") : "custom";
      if (!type.equals("custom")) {
        if (type.startsWith("web_") || type.startsWith("code_execution")) {
          ignored.add(tool.at("type"));
          continue;
        }
        throw tool.inexpressible("type");
      }
      ObjectNode function =
          list.addObject()
              .put("type", "function")
              .putObject("function")
              .put("name", tool.required("name"));
      String description = tool.text("description");
      if (description != null) {
        function.put("description", description);
      }
      JsonNode schema = tool.get("input_schema");
      if (schema != null) {
        function.set("parameters", schema);
      }
      if (tool.isTrue("strict")) {
        function.put("strict", true);
      }
    }
    if (!list.isEmpty()) {
      out.set("tools", list);
    }
  }

  private void toolChoice() {
    Source choice = request.object("tool_choice");
    if (choice == null || !out.has("tools")) {
      return;
    }
    String type = choice.required("type");
    switch (type) {
      case "auto", "none" -> out.put("tool_choice", type);
      case "any" -> out.put("tool_choice", "required");
      case "tool" ->
          out.putObject("tool_choice")
              .put("type", "function")
              .putObject("function")
              .put("name", choice.required("name"));
      default -> throw choice.inexpressible("type");
    }
    if (choice.isTrue("disable_parallel_tool_use")) {
      out.put("parallel_tool_calls", false);
    }
  }

  private void thinking() {
    Source thinking = request.object("thinking");
    if (thinking == null || !thinks) {
      return;
    }
    boolean off = "disabled".equals(thinking.text("type"));
    if (format == UpstreamFormat.DEEPSEEK) {
      out.putObject("thinking").put("type", off ? "disabled" : "enabled");
    } else if (off) {
      out.put("reasoning_effort", "none");
    }
  }

  private void output() {
    Source config = request.object("output_config");
    Source schema = config == null ? null : config.object("format");
    if (schema == null) {
      schema = request.object("output_format");
    }
    String effort = config == null ? null : config.text("effort");
    if (effort != null && thinks && !out.has("reasoning_effort")) {
      out.put("reasoning_effort", effort);
    }
    if (schema == null) {
      return;
    }
    JsonNode wanted = schema.get("schema");
    if (!"json_schema".equals(schema.text("type")) || wanted == null) {
      throw schema.inexpressible("type");
    }
    if (format == UpstreamFormat.DEEPSEEK) {
      // It has json_object only, which promises less.
      throw schema.inexpressible("type");
    }
    ObjectNode json =
        out.putObject("response_format").put("type", "json_schema").putObject("json_schema");
    json.put("name", "answer").put("strict", true).set("schema", wanted);
  }
}
