package io.hadal.server.wire;

import io.hadal.chat.ChatRequest;
import io.hadal.chat.Efforts;
import io.hadal.chat.Problem;
import io.hadal.chat.Seal;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ToolCall;
import io.hadal.formats.prompt.ToolDefinition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads requests of the Responses API. */
final class ResponsesInput {
  private static final int MOST = 100_000;
  static final String NAMESPACE_MARK = "__";

  private final Fields body;
  private final Call call;
  private final Seal seal;
  private final Set<String> custom = new HashSet<>();
  private final Set<String> strict = new HashSet<>();

  /** Names of tools as clients know them, by the name the model gets to see. */
  private final Map<String, ToolName> names = new HashMap<>();

  private final List<Message> messages = new ArrayList<>();

  /** A tool's name with its namespace. */
  record ToolName(@Nullable String namespace, String name) {}

  ResponsesInput(Fields body, Call call, Seal seal) {
    this.body = body;
    this.call = call;
    this.seal = seal;
  }

  /** True for a tool that takes free text. */
  boolean isCustom(String name) {
    return custom.contains(name);
  }

  ToolName original(String name) {
    return names.getOrDefault(name, new ToolName(null, name));
  }

  ChatRequest read() {
    ChatRequest request = new ChatRequest().client(call.client());
    for (String name : new String[] {"previous_response_id", "conversation"}) {
      if (body.has(name)) {
        throw Problem.unsupported(name, "needs stored responses; replay the full input instead");
      }
    }
    if (body.bool("background", false)) {
      throw Problem.unsupported("background", "must be false");
    }
    String instructions = body.string("instructions");
    if (instructions != null) {
      messages.add(Message.system(instructions));
    }
    List<ToolDefinition> tools = tools();
    JsonNode input = body.node("input");
    if (input == null && instructions == null) {
      throw Problem.missing("input");
    }
    if (input != null && input.isString()) {
      messages.add(Message.user(input.stringValue()));
    } else if (input != null) {
      body.objects("input", MOST).forEach(this::item);
    }
    reasoning(request);
    Fields text = body.object("text");
    if (text != null) {
      text.accept("verbosity");
      request.format(AnswerFormats.format(text.object("format"), true));
    }
    body.accept(
        "user",
        "safety_identifier",
        "metadata",
        "prompt_cache_key",
        "prompt_cache_retention",
        "include",
        "store",
        "truncation",
        "prompt",
        "max_tool_calls",
        "context_management",
        "client_metadata",
        "stream_options",
        "moderation");
    return request
        .messages(messages)
        .tools(tools)
        .strictTools(strict)
        .toolChoice(OpenAiFields.toolChoice(body, !tools.isEmpty()))
        .parallelCalls(body.bool("parallel_tool_calls", true))
        .sampling(OpenAiFields.sampling(body))
        .maxTokens(body.integer("max_output_tokens", 1, Integer.MAX_VALUE))
        .priority(OpenAiFields.priority(body.string("service_tier")))
        .topLogprobs(wantsLogprobs() ? body.integer("top_logprobs", 0, 20, 0) : -1);
  }

  private boolean wantsLogprobs() {
    body.integer("top_logprobs", 0, 20);
    return includes("message.output_text.logprobs");
  }

  boolean includes(String what) {
    return body.strings("include", 100).contains(what);
  }

  private void reasoning(ChatRequest request) {
    Fields reasoning = body.object("reasoning");
    String effort = reasoning == null ? null : reasoning.string("effort");
    if (effort != null) {
      boolean none = Efforts.isNone(effort);
      request.thinking(!none).effort(none ? null : Efforts.level(effort, "reasoning.effort"));
    }
  }

  private void item(Fields item) {
    String type = item.string("type", item.has("role") ? "message" : "");
    switch (type) {
      case "message" -> message(item);
      case "function_call" ->
          call(
              item,
              internal(item.string("namespace"), item.required("name")),
              OpenAiMessages.arguments(item, "arguments"));
      case "custom_tool_call" ->
          call(
              item,
              internal(item.string("namespace"), item.required("name")),
              WireJson.text(WireJson.object().put("input", item.string("input", ""))));
      case "local_shell_call", "shell_call", "apply_patch_call" ->
          call(
              item,
              type.replaceFirst("_call$", ""),
              WireJson.text(
                  item.has("action") ? item.requiredObject("action").json() : WireJson.object()));
      case "function_call_output",
          "custom_tool_call_output",
          "local_shell_call_output",
          "shell_call_output",
          "apply_patch_call_output" ->
          result(item);
      case "reasoning" -> thought(item);
      default -> call.ignore(List.of(item.at(type.isEmpty() ? "item" : type)));
    }
  }

  private void message(Fields item) {
    String role = item.required("role");
    String text = OpenAiMessages.text(item, "content", true);
    messages.add(
        switch (role) {
          case "user" -> Message.user(text);
          case "assistant" -> Message.assistant(text);
          case "system", "developer" -> Message.system(text);
          default ->
              throw Problem.invalid(
                  item.at("role"), "must be user, assistant, system or developer, not " + role);
        });
  }

  private void call(Fields item, String name, String arguments) {
    String id = item.string("call_id", item.string("id", ""));
    if (id.isEmpty()) {
      throw Problem.missing(item.at("call_id"));
    }
    messages.add(
        Message.builder(Role.ASSISTANT)
            .text("")
            .toolCalls(List.of(ToolCall.of(id, name, arguments)))
            .build());
  }

  private void result(Fields item) {
    String id = item.required("call_id");
    boolean known =
        messages.stream().flatMap(m -> m.toolCalls().stream()).anyMatch(c -> id.equals(c.id()));
    if (!known) {
      throw Problem.unknownToolCall(item.at("call_id"), id);
    }
    JsonNode output = item.node("output");
    String text =
        output == null || output.isString() || output.isArray()
            ? OpenAiMessages.text(item, "output", false)
            : WireJson.text(output);
    messages.add(Message.tool(id, text));
  }

  private void thought(Fields item) {
    StringBuilder text = new StringBuilder();
    for (Fields part : item.objects("content", MOST)) {
      text.append(part.string("text", ""));
    }
    if (text.isEmpty()) {
      String sealed = item.string("encrypted_content");
      String open = sealed == null ? null : seal.open(sealed, call.client().cacheKey());
      if (open == null) {
        // Of another provider, or of a server that is gone.
        return;
      }
      text.append(open);
    }
    messages.add(Message.builder(Role.ASSISTANT).text("").reasoning(text.toString()).build());
  }

  private List<ToolDefinition> tools() {
    List<ToolDefinition> tools = new ArrayList<>();
    for (Fields tool : body.objects("tools", OpenAiMessages.MOST_TOOLS)) {
      tool(tool, null, tools);
    }
    return tools;
  }

  private void tool(Fields tool, @Nullable String namespace, List<ToolDefinition> tools) {
    String type = tool.required("type");
    switch (type) {
      case "function", "custom" -> {
        String own = OpenAiMessages.name(tool);
        String name = internal(namespace, own);
        names.put(name, new ToolName(namespace, own));
        ToolDefinition definition;
        if (type.equals("custom")) {
          custom.add(name);
          definition = OpenAiMessages.custom(tool);
        } else {
          if (tool.bool("strict", false)) {
            strict.add(name);
          }
          definition =
              OpenAiMessages.definition(
                  name, tool.string("description"), tool.object("parameters"));
        }
        definition.function().put("name", name);
        tools.add(definition);
      }
      case "namespace" -> {
        if (namespace != null) {
          throw Problem.invalid(tool.at("type"), "must not be a namespace in a namespace");
        }
        String name = OpenAiMessages.name(tool);
        for (Fields inner : tool.objects("tools", OpenAiMessages.MOST_TOOLS)) {
          tool(inner, name, tools);
        }
      }
      default -> call.ignore(List.of(tool.at(type)));
    }
  }

  private static String internal(@Nullable String namespace, String name) {
    return namespace == null ? name : namespace + NAMESPACE_MARK + name;
  }
}
