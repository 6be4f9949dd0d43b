package io.hadal.server.redaction;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Where the events of each dialect's streams hold pieces of texts. */
final class StreamShape {
  private static final String[] CHAT = {"reasoning_content", "reasoning", "content", "refusal"};

  /** Fields of a chunk that all chunks of an answer share. */
  private static final String[] SHARED = {
    "id", "object", "created", "model", "system_fingerprint", "service_tier", "created_at"
  };

  private final boolean jsonText;

  /**
   * A reader of streams.
   *
   * @param jsonText true when the text of the answer is JSON
   */
  StreamShape(boolean jsonText) {
    this.jsonText = jsonText;
  }

  /** Pieces of an event of any dialect. */
  Pieces read(ObjectNode event) {
    Pieces pieces = new Pieces();
    String type = event.path("type").asString("");
    if (event.path("choices").isArray()) {
      event.get("choices").forEach(choice -> choice(event, choice, pieces));
    } else if (type.startsWith("response.")) {
      response(event, type, pieces);
    } else if (!type.isEmpty()) {
      message(event, type, pieces);
    } else if (event.path("done").isBoolean()) {
      ollama(event, pieces);
    }
    if (event.has("error") && !event.get("error").isNull()) {
      pieces.endAll();
    }
    return pieces;
  }

  private static ObjectNode shared(ObjectNode event) {
    ObjectNode copy = event.objectNode();
    for (String name : SHARED) {
      if (event.has(name)) {
        copy.set(name, event.get(name));
      }
    }
    return copy;
  }

  /** Chat Completions and Completions. */
  private void choice(ObjectNode event, JsonNode node, Pieces pieces) {
    if (!(node instanceof ObjectNode choice)) {
      return;
    }
    int index = choice.path("index").asInt(0);
    String group = "c" + index + "/";
    ObjectNode frame = shared(event);
    if (choice.get("delta") instanceof ObjectNode delta) {
      for (String field : CHAT) {
        pieces.add(
            group + field,
            delta,
            field,
            jsonText && field.equals("content"),
            text -> chunk(frame, index, event.objectNode().put(field, text)));
      }
      for (JsonNode call : delta.path("tool_calls")) {
        call(frame, index, call, pieces);
      }
      if (delta.get("function_call") instanceof ObjectNode call) {
        pieces.add(
            group + "tools/legacy",
            call,
            "arguments",
            true,
            text -> {
              ObjectNode more = event.objectNode();
              more.putObject("function_call").put("arguments", text);
              return chunk(frame, index, more);
            });
      }
    }
    pieces.add(
        group + "text",
        choice,
        "text",
        jsonText,
        text -> {
          ObjectNode copy = frame.deepCopy();
          copy.putArray("choices")
              .addObject()
              .put("index", index)
              .put("text", text)
              .putNull("logprobs")
              .putNull("finish_reason");
          return copy;
        });
    if (choice.path("finish_reason").isString()) {
      pieces.end(group);
    }
  }

  private static void call(ObjectNode frame, int choice, JsonNode call, Pieces pieces) {
    int index = call.path("index").asInt(0);
    for (String kind : new String[] {"function", "custom"}) {
      if (call.get(kind) instanceof ObjectNode holder) {
        String field = kind.equals("function") ? "arguments" : "input";
        pieces.add(
            "c" + choice + "/tools/" + index,
            holder,
            field,
            kind.equals("function"),
            text -> {
              ObjectNode more = frame.objectNode();
              more.putArray("tool_calls")
                  .addObject()
                  .put("index", index)
                  .putObject(kind)
                  .put(field, text);
              return chunk(frame, choice, more);
            });
      }
    }
  }

  private static ObjectNode chunk(ObjectNode frame, int index, ObjectNode delta) {
    ObjectNode copy = frame.deepCopy();
    ObjectNode choice = copy.putArray("choices").addObject().put("index", index);
    choice.set("delta", delta);
    choice.putNull("logprobs").putNull("finish_reason");
    return copy;
  }

  /** Responses: each text has its events, the last of which holds all of it. */
  private void response(ObjectNode event, String type, Pieces pieces) {
    int dot = type.lastIndexOf('.');
    String of = type.substring(0, dot);
    String slot =
        of
            + "/"
            + event.path("output_index").asInt(0)
            + "/"
            + event.path("content_index").asInt(event.path("summary_index").asInt(0));
    switch (type.substring(dot + 1)) {
      case "delta" -> {
        boolean json =
            of.endsWith("_call_arguments") || (jsonText && of.equals("response.output_text"));
        ObjectNode frame = event.deepCopy();
        frame.remove("obfuscation");
        if (frame.has("logprobs")) {
          frame.putArray("logprobs");
        }
        pieces.add(slot, event, "delta", json, text -> frame.deepCopy().put("delta", text));
      }
      case "done" -> pieces.end(slot);
      case "completed", "incomplete", "failed", "error" -> pieces.endAll();
      default -> {}
    }
  }

  /** Messages. */
  private void message(ObjectNode event, String type, Pieces pieces) {
    int index = event.path("index").asInt(0);
    String group = "b" + index + "/";
    switch (type) {
      case "content_block_delta" -> {
        if (!(event.get("delta") instanceof ObjectNode delta)) {
          return;
        }
        String kind = delta.path("type").asString("");
        String field =
            switch (kind) {
              case "text_delta" -> "text";
              case "thinking_delta" -> "thinking";
              case "input_json_delta" -> "partial_json";
              default -> "";
            };
        if (field.isEmpty()) {
          // Its signature ends a thought.
          pieces.end(group);
          return;
        }
        pieces.add(
            group + field,
            delta,
            field,
            field.equals("partial_json") || (jsonText && field.equals("text")),
            text -> {
              ObjectNode copy = event.objectNode().put("type", type).put("index", index);
              copy.putObject("delta").put("type", kind).put(field, text);
              return copy;
            });
      }
      case "content_block_stop" -> pieces.end(group);
      case "message_delta", "message_stop", "error" -> pieces.endAll();
      default -> {}
    }
  }

  /** Lines of Ollama's APIs. */
  private void ollama(ObjectNode event, Pieces pieces) {
    ObjectNode frame = shared(event);
    for (String field : new String[] {"thinking", "content"}) {
      if (event.get("message") instanceof ObjectNode message) {
        pieces.add(
            "o/" + field,
            message,
            field,
            jsonText && field.equals("content"),
            text -> {
              ObjectNode copy = frame.deepCopy();
              copy.putObject("message").put("role", "assistant").put(field, text);
              return copy.put("done", false);
            });
      }
    }
    for (String field : new String[] {"thinking", "response"}) {
      pieces.add(
          "o/" + field,
          event,
          field,
          jsonText && field.equals("response"),
          text -> frame.deepCopy().put(field, text).put("done", false));
    }
    if (event.path("done").asBoolean(false)) {
      pieces.endAll();
    }
  }
}
