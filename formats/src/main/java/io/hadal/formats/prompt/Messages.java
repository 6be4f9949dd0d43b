package io.hadal.formats.prompt;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads OpenAI-style message arrays, the form of the reference encoder's inputs. */
public final class Messages {
  private Messages() {}

  /**
   * Reads an array of messages.
   *
   * @throws FormatException naming the field that is missing or of the wrong type
   */
  public static List<Message> fromJson(JsonNode array) {
    List<Message> messages = new ArrayList<>();
    List<JsonNode> items = items(array, "messages");
    for (int i = 0; i < items.size(); i++) {
      messages.add(message(items.get(i), "messages[" + i + "]"));
    }
    return List.copyOf(messages);
  }

  /** Reads an array of tools, each an object with {@code function} and maybe {@code namespace}. */
  public static List<ToolDefinition> toolsFromJson(JsonNode array) {
    return tools(array, "tools");
  }

  private static Message message(JsonNode json, String at) {
    String role = string(json, "role", at);
    if (role == null) {
      throw broken(at + ".role", "is missing");
    }
    Message.Builder message = Message.builder(new Role(role));
    JsonNode content = present(json, "content");
    JsonNode blocks = present(json, "content_blocks");
    if (content != null && content.isString()) {
      message.text(content.stringValue());
    } else if (content != null) {
      message.blocks(blocks(content, at + ".content"));
    }
    if (blocks != null) {
      message.blocks(blocks(blocks, at + ".content_blocks"));
    }
    JsonNode calls = present(json, "tool_calls");
    if (calls != null) {
      message.toolCalls(toolCalls(calls, at + ".tool_calls"));
    }
    JsonNode tools = present(json, "tools");
    if (tools != null) {
      message.tools(tools(tools, at + ".tools"));
    }
    JsonNode mask = present(json, "mask");
    return message
        .reasoning(string(json, "reasoning_content", at))
        .responseFormat(present(json, "response_format"))
        .task(string(json, "task", at))
        .toolCallId(string(json, "tool_call_id", at))
        .withoutEos(flag(json, "wo_eos", at))
        .mask(mask != null && mask.isInt() ? mask.intValue() : 0)
        .build();
  }

  private static List<ContentBlock> blocks(JsonNode array, String at) {
    List<ContentBlock> blocks = new ArrayList<>();
    List<JsonNode> items = items(array, at);
    for (int i = 0; i < items.size(); i++) {
      blocks.add(block(items.get(i), at + "[" + i + "]"));
    }
    return blocks;
  }

  private static ContentBlock block(JsonNode json, String at) {
    String type = string(json, "type", at);
    if (type == null) {
      throw broken(at + ".type", "is missing");
    }
    return switch (type) {
      case "text" -> {
        String text = string(json, "text", at);
        if (text == null) {
          throw broken(at + ".text", "is missing");
        }
        yield new ContentBlock.Text(text);
      }
      case "image", "image_url" -> image(type, json, at);
      case "tool_result" -> toolResult(json, at);
      default -> new ContentBlock.Unsupported(type);
    };
  }

  private static ContentBlock.Image image(String type, JsonNode json, String at) {
    JsonNode address = present(json, "image_url");
    String url;
    if (address == null) {
      url = string(json, "url", at);
    } else if (address.isString()) {
      url = address.stringValue();
    } else {
      url = string(address, "url", at + ".image_url");
    }
    JsonNode source = present(json, "source");
    if ((url == null || url.isEmpty()) && source == null) {
      throw broken(at, "image without a source: give image_url.url, url or source");
    }
    return new ContentBlock.Image(type, url, source);
  }

  private static ContentBlock.ToolResult toolResult(JsonNode json, String at) {
    String id = string(json, "tool_use_id", at);
    JsonNode content = present(json, "content");
    if (content == null || content.isString()) {
      String text = content == null ? null : content.stringValue();
      return new ContentBlock.ToolResult(id == null ? "" : id, text, List.of());
    }
    return new ContentBlock.ToolResult(
        id == null ? "" : id, null, flatBlocks(content, at + ".content"));
  }

  /** Parts of a tool result; a result inside a result has no meaning and would nest for ever. */
  private static List<ContentBlock> flatBlocks(JsonNode array, String at) {
    List<ContentBlock> parts = new ArrayList<>();
    List<JsonNode> items = items(array, at);
    for (int i = 0; i < items.size(); i++) {
      String type = string(items.get(i), "type", at + "[" + i + "]");
      parts.add(
          "tool_result".equals(type)
              ? new ContentBlock.Unsupported("tool_result")
              : block(items.get(i), at + "[" + i + "]"));
    }
    return parts;
  }

  private static List<ToolCall> toolCalls(JsonNode array, String at) {
    List<ToolCall> calls = new ArrayList<>();
    List<JsonNode> items = items(array, at);
    for (int i = 0; i < items.size(); i++) {
      calls.add(toolCall(items.get(i), at + "[" + i + "]"));
    }
    return calls;
  }

  private static ToolCall toolCall(JsonNode json, String at) {
    ObjectNode function = object(json, "function", at);
    String within = at + ".function";
    String name = string(function, "name", within);
    if (name == null) {
      throw broken(within + ".name", "is missing");
    }
    JsonNode arguments = function.get("arguments");
    if (arguments == null) {
      throw broken(within + ".arguments", "is missing");
    }
    String id = string(json, "id", at);
    String outer = string(json, "namespace", at);
    String inner = string(function, "namespace", within);
    if (outer != null && inner != null && !outer.equals(inner)) {
      throw broken(at + ".namespace", "differs from function.namespace");
    }
    return new ToolCall(
        id == null || id.isEmpty() ? string(function, "id", within) : id,
        outer == null ? inner : outer,
        name,
        arguments,
        null);
  }

  private static List<ToolDefinition> tools(JsonNode array, String at) {
    List<ToolDefinition> tools = new ArrayList<>();
    List<JsonNode> items = items(array, at);
    for (int i = 0; i < items.size(); i++) {
      JsonNode tool = items.get(i);
      tools.add(
          new ToolDefinition(
              object(tool, "function", at + "[" + i + "]"), present(tool, "namespace")));
    }
    return tools;
  }

  private static List<JsonNode> items(JsonNode array, String at) {
    if (!array.isArray()) {
      throw broken(at, "must be an array");
    }
    List<JsonNode> items = new ArrayList<>(array.size());
    array.forEach(items::add);
    return items;
  }

  private static ObjectNode object(JsonNode json, String field, String at) {
    if (json.get(field) instanceof ObjectNode object) {
      return object;
    }
    throw broken(at + "." + field, "must be an object");
  }

  private static @Nullable JsonNode present(JsonNode json, String field) {
    JsonNode value = json.get(field);
    return value == null || value.isNull() ? null : value;
  }

  private static @Nullable String string(JsonNode json, String field, String at) {
    if (!json.isObject()) {
      throw broken(at, "must be an object");
    }
    JsonNode value = present(json, field);
    if (value == null) {
      return null;
    }
    if (!value.isString()) {
      throw broken(at + "." + field, "must be a string");
    }
    return value.stringValue();
  }

  private static boolean flag(JsonNode json, String field, String at) {
    JsonNode value = present(json, field);
    if (value != null && !value.isBoolean()) {
      throw broken(at + "." + field, "must be true or false");
    }
    return value != null && value.booleanValue();
  }

  private static FormatException broken(String at, String problem) {
    return new FormatException("prompt", at + " " + problem);
  }
}
