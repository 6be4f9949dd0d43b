package io.hadal.server.wire;

import io.hadal.chat.AnswerFormat;
import io.hadal.chat.ChatRequest;
import io.hadal.chat.Efforts;
import io.hadal.chat.Problem;
import io.hadal.chat.Sampling;
import io.hadal.chat.Seal;
import io.hadal.chat.ToolChoice;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ToolCall;
import io.hadal.formats.prompt.ToolDefinition;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads requests of the Messages API. */
final class AnthropicMessages {
  /** Differs from conversation to conversation and would spoil the prompt cache. */
  private static final String ATTRIBUTION = "x-anthropic-billing-header:";

  private static final int MOST = 100_000;

  private final Fields body;
  private final Call call;
  private final Seal seal;

  /** Calls that results may answer. */
  private final Set<String> callIds = new HashSet<>();

  AnthropicMessages(Fields body, Call call, Seal seal) {
    this.body = body;
    this.call = call;
    this.seal = seal;
  }

  ChatRequest read() {
    ChatRequest request = new ChatRequest().client(call.client());
    List<Message> messages = new ArrayList<>();
    system(messages);
    List<Fields> items = body.objects("messages", MOST);
    if (items.isEmpty()) {
      throw Problem.missing("messages");
    }
    items.forEach(item -> message(item, messages));
    prefill(messages);
    List<ToolDefinition> tools = tools(request);
    thinking(request);
    body.accept(
        "metadata",
        "context_management",
        "cache_control",
        "service_tier",
        "speed",
        "container",
        "mcp_servers",
        "inference_geo",
        "diagnostics",
        "user_profile_id",
        "workspace_id",
        "betas");
    return request
        .messages(messages)
        .tools(tools)
        .toolChoice(toolChoice(request))
        .sampling(Sampling.DEFAULT.with(body.number("temperature", 0, 2), OpenAiFields.topP(body)))
        .stops(body.stops("stop_sequences"))
        .clampMaxTokens(true);
  }

  private void system(List<Message> messages) {
    JsonNode node = body.node("system");
    if (node == null) {
      return;
    }
    if (node.isString()) {
      messages.add(Message.system(node.stringValue()));
      return;
    }
    StringBuilder text = new StringBuilder();
    List<Fields> blocks = body.objects("system", MOST);
    for (int i = 0; i < blocks.size(); i++) {
      String piece = blocks.get(i).string("text", "");
      if (i == 0 && piece.startsWith(ATTRIBUTION)) {
        continue;
      }
      text.append(text.isEmpty() || piece.isEmpty() ? "" : "\n\n").append(piece);
    }
    if (!text.isEmpty()) {
      messages.add(Message.system(text.toString()));
    }
  }

  private void message(Fields item, List<Message> messages) {
    String role = item.required("role");
    JsonNode content = item.node("content");
    if (content == null) {
      throw Problem.missing(item.at("content"));
    }
    switch (role) {
      case "system" -> messages.add(Message.system(text(item)));
      case "user" -> user(item, content, messages);
      case "assistant" -> messages.add(assistant(item, content));
      default ->
          throw Problem.invalid(item.at("role"), "must be user, assistant or system, not " + role);
    }
  }

  private String text(Fields item) {
    JsonNode content = item.node("content");
    if (content != null && content.isString()) {
      return content.stringValue();
    }
    StringBuilder text = new StringBuilder();
    for (Fields block : item.objects("content", MOST)) {
      append(text, blockText(block));
    }
    return text.toString();
  }

  private static void append(StringBuilder text, String piece) {
    text.append(text.isEmpty() || piece.isEmpty() ? "" : "\n\n").append(piece);
  }

  /** Text of a block that is no call, result or reasoning. */
  private String blockText(Fields block) {
    String type = block.required("type");
    switch (type) {
      case "image" ->
          throw Problem.unsupported(block.at("type"), "is an image; this model reads text only");
      case "document" -> {
        Fields source = block.requiredObject("source");
        if (!"text".equals(source.string("type"))) {
          throw Problem.unsupported(
              source.at("type"), "must be text; this server reads no other documents");
        }
        return source.string("data", "");
      }
      case "search_result" -> {
        StringBuilder text = new StringBuilder(block.string("title", ""));
        for (Fields part : block.objects("content", MOST)) {
          append(text, part.string("text", ""));
        }
        return text.toString();
      }
      default -> {
        String text = block.string("text");
        if (text == null) {
          if (type.equals("text")) {
            throw Problem.missing(block.at("text"));
          }
          call.ignore(List.of(block.at(type)));
        }
        return text == null ? "" : text;
      }
    }
  }

  private void user(Fields item, JsonNode content, List<Message> messages) {
    if (content.isString()) {
      messages.add(Message.user(content.stringValue()));
      return;
    }
    StringBuilder text = new StringBuilder();
    List<Message> results = new ArrayList<>();
    for (Fields block : item.objects("content", MOST)) {
      if ("tool_result".equals(block.string("type"))) {
        String result = block.has("content") ? text(block) : "";
        if (block.bool("is_error", false) && result.isEmpty()) {
          result = "error";
        }
        String id = block.required("tool_use_id");
        if (!callIds.contains(id)) {
          throw Problem.unknownToolCall(block.at("tool_use_id"), id);
        }
        results.add(Message.tool(id, result));
      } else {
        append(text, blockText(block));
      }
    }
    // Results belong to the turn before, whatever the order of blocks.
    messages.addAll(results);
    if (!text.isEmpty() || results.isEmpty()) {
      messages.add(Message.user(text.toString()));
    }
  }

  private Message assistant(Fields item, JsonNode content) {
    if (content.isString()) {
      return Message.assistant(content.stringValue());
    }
    StringBuilder text = new StringBuilder();
    StringBuilder reasoning = new StringBuilder();
    List<ToolCall> calls = new ArrayList<>();
    for (Fields block : item.objects("content", MOST)) {
      switch (block.required("type")) {
        case "thinking" -> {
          String given = block.string("thinking", "");
          if (given.isEmpty()) {
            given = opened(block.string("signature"));
          }
          append(reasoning, given);
        }
        case "redacted_thinking" -> append(reasoning, opened(block.string("data")));
        case "tool_use" -> {
          JsonNode input = block.node("input");
          String id = block.required("id");
          callIds.add(id);
          calls.add(
              ToolCall.of(id, block.required("name"), input == null ? "{}" : WireJson.text(input)));
        }
        default -> append(text, blockText(block));
      }
    }
    return Message.builder(Role.ASSISTANT)
        .text(text.toString())
        .reasoning(reasoning.isEmpty() ? null : reasoning.toString())
        .toolCalls(calls)
        .build();
  }

  /** Reasoning that we sealed; nothing if others did. */
  private String opened(@Nullable String sealed) {
    String text = sealed == null ? null : seal.open(sealed, call.client().cacheKey());
    return text == null ? "" : text;
  }

  /** A last message of the assistant is the beginning of the answer; trailing space is not. */
  private static void prefill(List<Message> messages) {
    Message last = messages.getLast();
    if (last.role().equals(Role.ASSISTANT) && last.toolCalls().isEmpty() && last.text() != null) {
      messages.set(messages.size() - 1, last.toBuilder().text(last.text().stripTrailing()).build());
    }
  }

  private List<ToolDefinition> tools(ChatRequest request) {
    List<ToolDefinition> tools = new ArrayList<>();
    Set<String> strict = new HashSet<>();
    for (Fields tool : body.objects("tools", OpenAiMessages.MOST_TOOLS)) {
      String type = tool.string("type", "custom");
      if (!type.equals("custom")) {
        if (type.startsWith("web_search")
            || type.startsWith("web_fetch")
            || type.startsWith("code_execution")) {
          call.ignore(List.of(tool.at(type)));
          continue;
        }
        throw Problem.unsupported(tool.at("type"), "is " + type + ", which this server lacks");
      }
      if (tool.bool("strict", false)) {
        strict.add(OpenAiMessages.name(tool));
      }
      tools.add(
          OpenAiMessages.definition(
              OpenAiMessages.name(tool), tool.string("description"), tool.object("input_schema")));
    }
    request.strictTools(strict);
    return tools;
  }

  private ToolChoice toolChoice(ChatRequest request) {
    Fields choice = body.object("tool_choice");
    if (choice == null) {
      return ToolChoice.AUTO;
    }
    request.parallelCalls(!choice.bool("disable_parallel_tool_use", false));
    String type = choice.required("type");
    return switch (type) {
      case "auto" -> ToolChoice.AUTO;
      case "any" -> ToolChoice.REQUIRED;
      case "none" -> ToolChoice.NONE;
      case "tool" -> new ToolChoice.Named(choice.required("name"));
      default ->
          throw Problem.invalid(choice.at("type"), "must be auto, any, tool or none, not " + type);
    };
  }

  private void thinking(ChatRequest request) {
    Fields output = body.object("output_config");
    if (output != null) {
      String effort = output.string("effort");
      if (effort != null) {
        request.effort(Efforts.level(effort, "output_config.effort"));
      }
      format(output.object("format"), request);
    }
    // Its place before there was output_config.
    format(body.object("output_format"), request);
    Fields thinking = body.object("thinking");
    if (thinking != null) {
      request.thinking(OpenAiFields.thinkingType(thinking));
      request.thinkingBudget(thinking.integer("budget_tokens", 0, Integer.MAX_VALUE, 0));
    }
  }

  private static void format(@Nullable Fields format, ChatRequest request) {
    if (format == null) {
      return;
    }
    String type = format.required("type");
    if (!type.equals("json_schema")) {
      throw Problem.invalid(format.at("type"), "must be json_schema, not " + type);
    }
    format.accept("name");
    request.format(
        new AnswerFormat.JsonSchema(
            format.requiredObject("schema").json(), true, format.at("schema")));
  }

  /** True when the client does not want to see reasoning. */
  boolean omitsThinking() {
    Fields thinking = body.object("thinking");
    return thinking != null && "omitted".equals(thinking.string("display"));
  }

  /** Arguments of a call as an object; what is no JSON is kept as text. */
  static ObjectNode input(String arguments) {
    for (String end : new String[] {"", "}", "\"}", "\"]}", "]}"}) {
      try {
        byte[] utf8 = (arguments + end).getBytes(StandardCharsets.UTF_8);
        if (Json.parse(utf8, "arguments") instanceof ObjectNode object) {
          return object;
        }
      } catch (FormatException e) {
        // Cut off somewhere else.
      }
    }
    return WireJson.object().put("_raw", arguments);
  }
}
