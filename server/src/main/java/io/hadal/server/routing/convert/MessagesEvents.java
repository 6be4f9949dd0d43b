package io.hadal.server.routing.convert;

import io.hadal.chat.TurnEvent.Finish;
import io.hadal.formats.Json;
import tools.jackson.databind.JsonNode;

/** Reads answers of the Messages API. */
public final class MessagesEvents extends AnswerEvents {
  @Override
  public void event(JsonNode json) {
    switch (string(json, "type")) {
      case "content_block_start" -> start(json.path("content_block"));
      case "content_block_delta" -> {
        JsonNode delta = json.path("delta");
        text(string(delta, "text"));
        reasoning(string(delta, "thinking"));
        arguments(string(delta, "partial_json"));
      }
      case "content_block_stop" -> endCall();
      case "message_delta" -> ended(json.path("delta"));
      default -> {}
    }
  }

  private void start(JsonNode block) {
    switch (string(block, "type")) {
      case "tool_use" -> call(string(block, "id"), string(block, "name"));
      case "text" -> text(string(block, "text"));
      case "thinking" -> reasoning(string(block, "thinking"));
      default -> {}
    }
  }

  @Override
  public void whole(JsonNode json) {
    for (JsonNode block : json.path("content")) {
      start(block);
      if (string(block, "type").equals("tool_use")) {
        arguments(Json.text(block.path("input")));
        endCall();
      }
    }
    ended(json);
  }

  private void ended(JsonNode json) {
    String stop = string(json, "stop_sequence");
    switch (string(json, "stop_reason")) {
      case "" -> {}
      case "max_tokens" -> finish(Finish.LENGTH, null);
      case "model_context_window_exceeded" -> finish(Finish.CONTEXT, null);
      case "tool_use" -> finish(Finish.TOOL_CALLS, null);
      case "stop_sequence" -> finish(Finish.STOP_STRING, stop);
      default -> finish(Finish.STOP, null);
    }
  }
}
