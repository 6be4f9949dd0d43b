package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ToolCall;
import io.hadal.formats.prompt.ToolDefinition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/** Messages and tools of Chat Completions. */
final class OpenAiMessages {
  private static final int MOST_MESSAGES = 100_000;
  private static final int MOST_PARTS = 100_000;
  static final int MOST_TOOLS = 1024;

  private OpenAiMessages() {}

  static List<Message> read(Fields body) {
    List<Fields> items = body.objects("messages", MOST_MESSAGES);
    if (items.isEmpty()) {
      throw Problem.missing("messages");
    }
    List<Message> messages = new ArrayList<>(items.size());
    for (Fields item : items) {
      messages.add(message(item));
    }
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i).bool("prefix", false) && i < items.size() - 1) {
        throw Problem.invalid(items.get(i).at("prefix"), "is for the last message only");
      }
    }
    return messages;
  }

  private static Message message(Fields item) {
    String role = item.required("role");
    return switch (role) {
      case "system", "developer" -> Message.system(text(item, "content", true));
      case "user" -> Message.user(text(item, "content", true));
      case "tool" -> Message.tool(item.required("tool_call_id"), text(item, "content", true));
      case "function" -> Message.tool(item.required("name"), text(item, "content", true));
      case "assistant" -> assistant(item);
      default ->
          throw Problem.invalid(
              item.at("role"), "must be system, developer, user, assistant or tool, not " + role);
    };
  }

  private static Message assistant(Fields item) {
    List<ToolCall> calls = new ArrayList<>();
    for (Fields call : item.objects("tool_calls", MOST_TOOLS)) {
      boolean custom = "custom".equals(call.string("type"));
      Fields function = call.requiredObject(custom ? "custom" : "function");
      String arguments =
          custom
              ? WireJson.text(WireJson.object().put("input", function.string("input", "")))
              : arguments(function, "arguments");
      calls.add(ToolCall.of(call.required("id"), function.required("name"), arguments));
    }
    Fields old = item.object("function_call");
    if (old != null) {
      // The old form has no ids: results name the function.
      calls.add(
          ToolCall.of(old.required("name"), old.required("name"), arguments(old, "arguments")));
    }
    String reasoning = item.string("reasoning_content");
    String text = text(item, "content", false);
    if (text.isEmpty()) {
      text = item.string("refusal", "");
    }
    return Message.builder(Role.ASSISTANT)
        .text(text)
        .reasoning(reasoning == null ? item.string("reasoning") : reasoning)
        .toolCalls(calls)
        .build();
  }

  /** Arguments of a call, which must be the text of an object. */
  static String arguments(Fields function, String name) {
    JsonNode value = function.node(name);
    if (value == null || (value.isString() && value.stringValue().isBlank())) {
      return "{}";
    }
    return value.isString() ? value.stringValue() : WireJson.text(value);
  }

  /** Text of a string or of an array of text parts. */
  static String text(Fields item, String name, boolean required) {
    JsonNode content = item.node(name);
    if (content == null) {
      if (required) {
        throw Problem.missing(item.at(name));
      }
      return "";
    }
    if (content.isString()) {
      return content.stringValue();
    }
    StringBuilder text = new StringBuilder();
    for (Fields part : item.objects(name, MOST_PARTS)) {
      String type = part.required("type");
      String piece =
          switch (type) {
            case "text", "input_text", "output_text" -> part.required("text");
            case "refusal" -> part.required("refusal");
            case "image_url", "input_image", "image" ->
                throw Problem.unsupported(
                    part.at("type"), "is an image; this model reads text only");
            case "input_audio", "file", "input_file" ->
                throw Problem.unsupported(
                    part.at("type"), "is " + type + "; this model reads text only");
            default -> throw Problem.invalid(part.at("type"), "is unknown: " + type);
          };
      if (!text.isEmpty() && !piece.isEmpty()) {
        text.append("\n\n");
      }
      text.append(piece);
    }
    return text.toString();
  }

  /** Tools of Chat Completions; {@code functions} is their old form. */
  static List<ToolDefinition> tools(Fields body) {
    List<ToolDefinition> tools = new ArrayList<>();
    for (Fields tool : body.objects("tools", MOST_TOOLS)) {
      String type = tool.string("type", "function");
      switch (type) {
        case "function" -> tools.add(function(tool.requiredObject("function")));
        case "custom" -> tools.add(custom(tool.requiredObject("custom")));
        default ->
            throw Problem.invalid(tool.at("type"), "must be function or custom, not " + type);
      }
    }
    for (Fields function : body.objects("functions", MOST_TOOLS)) {
      tools.add(function(function));
    }
    return tools;
  }

  static ToolDefinition function(Fields function) {
    return definition(
        name(function), function.string("description"), function.object("parameters"));
  }

  /** A tool that takes free text, as a function with one parameter. */
  static ToolDefinition custom(Fields custom) {
    ObjectNode schema = WireJson.object().put("type", "object");
    schema.putObject("properties").putObject("input").put("type", "string");
    schema.putArray("required").add("input");
    String description = custom.string("description", "");
    Fields format = custom.object("format");
    if (format != null && "grammar".equals(format.string("type"))) {
      Fields grammar = format.object("grammar") == null ? format : format.object("grammar");
      description +=
          "\n\nThe input must follow this "
              + grammar.string("syntax", "")
              + " grammar:\n"
              + grammar.string("definition", "");
    }
    return definition(name(custom), description, new Fields(schema, ""));
  }

  static ToolDefinition definition(
      String name, @Nullable String description, @Nullable Fields parameters) {
    ObjectNode json = WireJson.object().put("name", name);
    if (description != null) {
      json.put("description", description);
    }
    if (parameters == null) {
      json.putObject("parameters").put("type", "object").putObject("properties");
    } else {
      json.set("parameters", parameters.json());
    }
    return new ToolDefinition(json);
  }

  static String name(Fields function) {
    String name = function.required("name");
    if (!name.matches("[A-Za-z0-9_.-]{1,128}")) {
      throw Problem.invalid(
          function.at("name"), "must be 1 to 128 letters, digits, underscores, dots or hyphens");
    }
    return name;
  }

  /** A call whose arguments are JSON text. */
  static ToolCall call(String id, String name, String arguments) {
    return new ToolCall(id, null, name, StringNode.valueOf(arguments), null);
  }
}
