package io.hadal.server.routing.convert;

import io.hadal.chat.TurnEvent.Finish;
import tools.jackson.databind.JsonNode;

/** Reads answers of Chat Completions. */
public final class ChatEvents extends AnswerEvents {
  private int index = -1;

  @Override
  public void event(JsonNode json) {
    JsonNode choice = json.path("choices").path(0);
    pieces(choice.path("delta"));
    ended(string(choice, "finish_reason"));
  }

  @Override
  public void whole(JsonNode json) {
    JsonNode choice = json.path("choices").path(0);
    pieces(choice.path("message"));
    ended(string(choice, "finish_reason"));
  }

  private void pieces(JsonNode delta) {
    String thought = string(delta, "reasoning_content");
    reasoning(thought.isEmpty() ? string(delta, "reasoning") : thought);
    text(string(delta, "content"));
    text(string(delta, "refusal"));
    int position = 0;
    for (JsonNode call : delta.path("tool_calls")) {
      JsonNode function = call.path("function");
      int at = call.path("index").asInt(position++);
      String name = string(function, "name");
      if (!name.isEmpty() && at != index) {
        index = at;
        call(string(call, "id"), name);
      }
      if (at == index) {
        arguments(string(function, "arguments"));
      }
    }
  }

  private void ended(String reason) {
    switch (reason) {
      case "" -> {}
      case "length" -> finish(Finish.LENGTH, null);
      case "tool_calls", "function_call" -> finish(Finish.TOOL_CALLS, null);
      default -> finish(Finish.STOP, null);
    }
  }
}
