package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ToolCall;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Messages of Ollama's chat: arguments are objects, and results name no call. */
final class OllamaMessages {
  private static final int MOST_MESSAGES = 100_000;

  private OllamaMessages() {}

  static List<Message> read(Fields body) {
    List<Message> messages = new ArrayList<>();
    // Results come in the order of the calls.
    Deque<String> open = new ArrayDeque<>();
    int calls = 0;
    for (Fields item : body.objects("messages", MOST_MESSAGES)) {
      if (!item.strings("images", 1).isEmpty()) {
        throw Problem.unsupported(item.at("images"), "is there; this model reads text only");
      }
      String role = item.required("role");
      String text = item.string("content", "");
      switch (role) {
        case "system" -> messages.add(Message.system(text));
        case "user" -> messages.add(Message.user(text));
        case "tool" -> {
          item.accept("tool_name", "name", "tool_call_id");
          String call = open.poll();
          if (call == null) {
            throw Problem.invalid(item.at("role"), "is tool, but no call is unanswered");
          }
          messages.add(Message.tool(call, text));
        }
        case "assistant" -> {
          open.clear();
          List<ToolCall> made = new ArrayList<>();
          for (Fields call : item.objects("tool_calls", OpenAiMessages.MOST_TOOLS)) {
            Fields function = call.requiredObject("function");
            String id = "ollama_" + calls++;
            open.add(id);
            made.add(
                ToolCall.of(
                    id,
                    function.required("name"),
                    OpenAiMessages.arguments(function, "arguments")));
          }
          messages.add(
              Message.builder(Role.ASSISTANT)
                  .text(text)
                  .reasoning(item.string("thinking"))
                  .toolCalls(made)
                  .build());
        }
        default ->
            throw Problem.invalid(
                item.at("role"), "must be system, user, assistant or tool, not " + role);
      }
    }
    return messages;
  }
}
